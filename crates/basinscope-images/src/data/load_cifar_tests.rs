//! Batches built by hand, whole and broken, in a folder and in tarballs.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;

/// Bytes of a record.
const RECORD: usize = 1 + PIXELS;

/// Records of these labels; pixel `at` of a picture is its label plus `at`, modulo 256.
fn batch(labels: &[u8]) -> Vec<u8> {
    let record = |&label: &u8| {
        let pixels = (0..RECORD - 1).map(move |at| (at as u8).wrapping_add(label));
        std::iter::once(label).chain(pixels)
    };
    labels.iter().flat_map(record).collect()
}

fn tarball(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let name = format!("cifar-10-batches-bin/{name}");
        builder
            .append_data(&mut header, name, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn three() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("batches.meta.txt", names().join("\n").into()),
        ("data_batch_2.bin", batch(&[3])),
        ("test_batch.bin", batch(&[9, 8])),
        ("data_batch_1.bin", batch(&[0, 5])),
    ]
}

/// Names of this set's own.
fn names() -> Vec<String> {
    (0..10).map(|class| format!("kind {class}")).collect()
}

fn load(bytes: &[u8]) -> Result<Vec<(Part, ImageSet)>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    cifar10(file.path(), &Part::ALL)
}

fn cifar10(path: &Path, wanted: &[Part]) -> Result<Vec<(Part, ImageSet)>> {
    load_cifar10(path, wanted, &mut Vec::new()).map(|found| found.sets)
}

fn refuse(bytes: &[u8], parts: &[&str]) {
    let error = load(bytes).unwrap_err().to_string();
    for part in parts {
        assert!(error.contains(part), "lacks `{part}`: {error}");
    }
}

#[test]
fn tarballs_and_folders_read_alike_in_the_order_of_the_batches() {
    let sets = load(&gzip(&tarball(&three()))).unwrap();
    let [(Part::Train, train), (Part::Test, test)] = sets.as_slice() else {
        panic!("{} sets", sets.len());
    };
    assert_eq!(train.labels(), [0, 5, 3]);
    assert_eq!(test.labels(), [9, 8]);
    assert_eq!(train.shape(), [3, 32, 32]);
    assert_eq!(train.class_names(), names());
    assert!(batch(&[5])[1..] == *train.picture(1));
    assert_eq!(load(&tarball(&three())).unwrap(), sets);

    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in three() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert_eq!(cifar10(folder.path(), &Part::ALL).unwrap(), sets);
    let test = cifar10(folder.path(), &[Part::Test]).unwrap();
    assert_eq!(test, sets[1..]);
}

#[test]
fn broken_batches_are_refused_by_name() {
    let one = |name, bytes| gzip(&tarball(&[(name, bytes)]));
    let mut long = batch(&[1]);
    long.push(0);
    let parts = ["data_batch_1.bin: length: expected a whole number of records of 3073 bytes"];
    refuse(&one("data_batch_1.bin", long), &parts);
    refuse(&one("data_batch_1.bin", vec![]), &["found 0 bytes"]);
    let parts = ["test_batch.bin: label 1: expected a class from 0 to 9, found 10"];
    refuse(&one("test_batch.bin", batch(&[9, 10])), &parts);
    let parts = ["batches: expected data_batch_1.bin, found data_batch_2.bin"];
    refuse(&one("data_batch_2.bin", batch(&[1])), &parts);
    let parts = [
        "batches: expected data_batch_1.bin or test_batch.bin (or Python's, without .bin)",
        "found readme.html",
    ];
    refuse(&one("readme.html", batch(&[1])), &parts);
    refuse(b"", &["batches"]);
    let folder = tempfile::tempdir().unwrap();
    assert!(cifar10(folder.path(), &Part::ALL).is_err());
}

#[test]
fn tarballs_cut_anywhere_are_refused() {
    let plain = tarball(&three());
    let whole = gzip(&plain);
    for cut in (0..whole.len())
        .step_by(37)
        .chain(whole.len() - 9..whole.len())
    {
        assert!(
            load(&whole[..cut]).is_err(),
            "cut to {cut} of {}",
            whole.len()
        );
    }
    // Without a checksum around it, a cut within the last file is still seen.
    let last = plain.len() - 1024 - 2 * RECORD.next_multiple_of(512);
    refuse(&plain[..last + 700], &["archive"]);
}

#[test]
fn an_entry_that_claims_more_than_there_is_is_refused() {
    let mut header = tar::Header::new_gnu();
    header.set_path("data_batch_1.bin").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &batch(&[1])].concat();
    refuse(&bytes, &["1099511627776", "only 3073"]);
    assert!(load(&gzip(&bytes)).is_err());
}

#[test]
fn the_holes_of_a_sparse_file_are_not_filled() {
    let mut header = tar::Header::new_gnu();
    header.set_path("data_batch_1.bin").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    // One piece of no bytes at the end of 2^50.
    let gnu = header.as_gnu_mut().unwrap();
    for field in [&mut gnu.sparse[0].offset, &mut gnu.realsize] {
        field.copy_from_slice(&[0x80, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
    }
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[0; 1024]].concat();
    refuse(
        &bytes,
        &["data_batch_1.bin or test_batch.bin", "found no file"],
    );
}

#[test]
fn cifar100_has_two_kinds_of_labels() {
    let folder = tempfile::tempdir().unwrap();
    let record = |coarse: u8, fine: u8| {
        let pixels = (0..PIXELS).map(move |at| (at as u8).wrapping_add(fine));
        [coarse, fine]
            .into_iter()
            .chain(pixels)
            .collect::<Vec<u8>>()
    };
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("train.bin", [record(4, 30), record(19, 99)].concat());
    write("test.bin", record(0, 7));
    let load = |coarse| load_cifar100(folder.path(), coarse, &Part::ALL, &mut Vec::new());
    let fine = load(false).unwrap();
    assert_eq!(fine.sets[0].1.labels(), [30, 99]);
    assert_eq!(fine.sets[0].1.num_classes(), 100);
    assert_eq!(fine.sets[0].1.picture(1)[..2], [99, 100]);
    assert_eq!(fine.sets[1].0, Part::Test);
    assert!(fine.notes[0].contains("called by their numbers"));
    let coarse = load(true).unwrap();
    assert_eq!(coarse.sets[0].1.labels(), [4, 19]);
    assert_eq!(coarse.sets[0].1.num_classes(), 20);
    let names: Vec<String> = (0..20).map(|class| format!("group {class}")).collect();
    write("coarse_label_names.txt", names.join("\n").into());
    assert_eq!(load(true).unwrap().sets[0].1.class_names(), names);
    write("test.bin", record(20, 7));
    let error = load(true).unwrap_err().to_string();
    assert!(
        error.contains("test.bin: label 0: expected a class from 0 to 19"),
        "{error}"
    );
}

#[test]
fn both_versions_of_a_part_are_one_too_many() {
    let refused = |names: [&str; 2], record: usize, is_100: bool| {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), vec![0; record]).unwrap();
        }
        let error = match is_100 {
            true => load_cifar100(folder.path(), false, &Part::ALL, &mut Vec::new()),
            false => load_cifar10(folder.path(), &Part::ALL, &mut Vec::new()),
        };
        let error = error.unwrap_err().to_string();
        let [first, second] = names;
        let wanted = format!(
            "files: expected the same pictures once (take the binary or Python's version out), \
             found {first} and {second}"
        );
        assert!(error.ends_with(&wanted), "{error}");
    };
    refused(["train", "train.bin"], RECORD + 1, true);
    refused(["test_batch", "test_batch.bin"], RECORD, false);
    refused(["data_batch_1", "data_batch_1.bin"], RECORD, false);
}

#[test]
fn missing_batches_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let notes = |count: usize| {
        let name = format!("data_batch_{count}.bin");
        fs::write(folder.path().join(name), batch(&[1, 2])).unwrap();
        let found = load_cifar10(folder.path(), &Part::ALL, &mut Vec::new());
        found.unwrap().notes[1..].to_vec()
    };
    for count in 1..5 {
        let note = format!("{count} of CIFAR-10's 5 training batches are there");
        assert_eq!(notes(count), [note]);
    }
    assert_eq!(notes(5), Vec::<String>::new());
}

#[test]
fn batches_of_both_pythons_are_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let numpy = crate::data::load_npz(fixtures.join("cifar_python.npz"), &Part::ALL).unwrap();
    let numpy = &numpy.sets[0].1;
    for folder in ["cifar_python2", "cifar_python3"] {
        let mut files = Vec::new();
        let folder = fixtures.join(folder);
        let sets = load_cifar10(&folder, &Part::ALL, &mut files).unwrap().sets;
        let [(Part::Train, train), (Part::Test, test)] = sets.as_slice() else {
            panic!("{} sets", sets.len());
        };
        assert_eq!((train.labels(), test.labels()), (&[3, 0][..], &[9][..]));
        assert_eq!([train.pixels(), test.pixels()].concat(), numpy.pixels());
        assert_eq!(train.class_names()[3], "kind 3");
        assert_eq!(files.len(), 2);
        // A root, as torchvision has it.
        let root = tempfile::tempdir().unwrap();
        let within = root.path().join("cifar-10-batches-py");
        fs::create_dir(&within).unwrap();
        for name in ["data_batch_1", "test_batch", "batches.meta"] {
            fs::copy(folder.join(name), within.join(name)).unwrap();
        }
        let found = crate::data::open(root.path().to_str().unwrap(), Path::new("none")).unwrap();
        assert_eq!(found.first().1, train);
    }
}

#[test]
fn pickles_that_are_no_batches_are_refused_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |bytes: &[u8], wanted: &str| {
        fs::write(folder.path().join("data_batch_1"), bytes).unwrap();
        let error = cifar10(folder.path(), &Part::ALL).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    };
    refuse(b"text", "data_batch_1: pickle: expected a whole pickle");
    refuse(
        b"\x80\x02}.",
        "data: expected a dictionary with the key data",
    );
    refuse(
        b"\x80\x02}U\x04dataK\x01s.",
        "data: expected an array of bytes [N, 3072]",
    );
    // What would run a program is looked at, and nothing else.
    let call = b"\x80\x02}U\x04datacos\nsystem\nU\x04true\x85Rs.";
    refuse(call, "data: expected an array of bytes [N, 3072]");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cifar_python2");
    let whole = fs::read(fixture.join("data_batch_1")).unwrap();
    for cut in (0..whole.len()).step_by(97) {
        refuse(&whole[..cut], "data_batch_1: pickle");
    }
}
