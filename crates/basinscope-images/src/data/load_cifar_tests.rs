//! Batches built by hand, whole and broken, in a folder and in tarballs.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

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
        ("batches.meta.txt", b"airplane\n".to_vec()),
        ("data_batch_2.bin", batch(&[3])),
        ("test_batch.bin", batch(&[9, 8])),
        ("data_batch_1.bin", batch(&[0, 5])),
    ]
}

fn load(bytes: &[u8]) -> Result<Vec<(Part, ImageSet)>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    load_cifar10(file.path(), &Part::ALL)
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
    assert_eq!(train.class_names()[5], "dog");
    assert!(batch(&[5])[1..] == *train.picture(1));
    assert_eq!(load(&tarball(&three())).unwrap(), sets);

    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in three() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    assert_eq!(load_cifar10(folder.path(), &Part::ALL).unwrap(), sets);
    let test = load_cifar10(folder.path(), &[Part::Test]).unwrap();
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
    let parts = ["batches: expected data_batch_1.bin or test_batch.bin, found neither"];
    refuse(&one("readme.html", batch(&[1])), &parts);
    refuse(b"", &["batches"]);
    let folder = tempfile::tempdir().unwrap();
    assert!(load_cifar10(folder.path(), &Part::ALL).is_err());
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
        &["data_batch_1.bin or test_batch.bin, found neither"],
    );
}
