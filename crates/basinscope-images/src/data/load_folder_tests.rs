//! Folders of small pictures, in order and out of it.

use super::*;
use crate::data::picture_folder::Folder;
use image::{Luma, Rgba, RgbaImage};
use std::fs;

#[test]
fn folders_are_classes() {
    let folder = Folder::new()
        .rgb("dog/a.png", [2, 3], [1, 2, 3])
        .rgb("cat/b.PNG", [2, 3], [4, 5, 6])
        .grey("cat/a.png", [2, 3], 7);
    fs::write(folder.path("cat/notes.txt"), "no picture").unwrap();
    fs::write(folder.path("cat/.hidden.png"), "no picture").unwrap();
    fs::create_dir(folder.path(".git")).unwrap();
    let sets = folder.load(None).unwrap();
    let [(Part::Train, set)] = sets.as_slice() else {
        panic!("{} sets", sets.len());
    };
    assert_eq!(set.class_names(), ["cat", "dog"]);
    assert_eq!(set.labels(), [0, 0, 1]);
    assert_eq!(set.shape(), [3, 2, 3]);
    assert_eq!(set.picture(0), [7; 18]);
    let by_channel = [[4; 6], [5; 6], [6; 6]].concat();
    assert_eq!(set.picture(1), by_channel);
    let notes = [
        "1 of 3 are grey, and take three equal channels",
        "1 file passed over that are no pictures (.txt)",
    ];
    assert_eq!(folder.found(None).unwrap().notes, notes);
}

#[test]
fn grey_pictures_stay_grey_and_jpegs_are_read() {
    let folder = Folder::new()
        .grey("0/a.png", [4, 4], 10)
        .grey("1/b.jpg", [4, 4], 200);
    let sets = folder.load(None).unwrap();
    assert_eq!(sets[0].1.shape(), [1, 4, 4]);
    assert_eq!(sets[0].1.picture(0), [10; 16]);
    let off = |value: &u8| value.abs_diff(200) <= 2;
    assert!(sets[0].1.picture(1).iter().all(off));
}

#[test]
fn parts_are_folders_of_classes() {
    let folder = Folder::new()
        .grey("train/a/1.png", [1, 1], 1)
        .grey("train/b/1.png", [1, 1], 2)
        .grey("test/b/1.png", [1, 1], 3);
    let sets = folder.load(None).unwrap();
    let [(Part::Train, train), (Part::Test, test)] = sets.as_slice() else {
        panic!("{} sets", sets.len());
    };
    assert_eq!((train.labels(), test.labels()), (&[0, 1][..], &[1][..]));
    assert_eq!(test.class_names(), ["a", "b"]);
    assert_eq!(folder.found(None).unwrap().notes, ["no test pictures of a"]);
    let folder = folder.grey("test/c/1.png", [1, 1], 3);
    folder.refuse(
        None,
        &["test: classes: expected one of the classes of the training part (a, b), found `c`"],
    );
}

#[test]
fn other_sizes_are_scaled_only_where_a_size_is_asked_for() {
    let folder = Folder::new()
        .grey("a/1.png", [2, 2], 9)
        .grey("b/1.png", [6, 4], 50);
    let parts = [
        "b/1.png: size: expected 2 × 2 pixels as the first picture",
        "(--size 2x2 scales all to one size)",
        "found 4 × 6",
    ];
    folder.refuse(None, &parts);
    let sets = folder.load(Some([3, 5])).unwrap();
    assert_eq!(sets[0].1.shape(), [1, 3, 5]);
    // A picture of one value keeps it.
    assert_eq!(sets[0].1.picture(1), [50; 15]);
    let note = "2 of 2 scaled to 3 × 5 (triangle filter with antialiasing, 2 of them stretched)";
    assert_eq!(folder.found(Some([3, 5])).unwrap().notes, [note]);
    folder.refuse(Some([0, 5]), &["size: expected 1 to 16384 pixels, found 0"]);
}

#[test]
fn folders_out_of_order_are_refused() {
    let folder = Folder::new();
    folder.refuse(
        None,
        &["classes: expected at least 2 folders, one for each class, found 0"],
    );
    let folder = folder.grey("a/1.png", [2, 2], 9);
    fs::create_dir(folder.path("b")).unwrap();
    folder.refuse(
        None,
        &[
            "b: pictures: expected at least one picture (PNG, JPEG, BMP",
            "found none",
        ],
    );
    let whole = fs::read(folder.path("a/1.png")).unwrap();
    fs::write(folder.path("b/1.png"), &whole[..whole.len() / 2]).unwrap();
    folder.refuse(None, &["b/1.png: picture: expected a whole PNG, JPEG, BMP"]);
    fs::write(folder.path("b/1.png"), b"text").unwrap();
    folder.refuse(None, &["b/1.png: picture"]);
    // A header that claims 2³¹ by 2³¹ pixels (its checksum is not looked at first).
    let mut huge = whole;
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    fs::write(folder.path("b/1.png"), &huge).unwrap();
    folder.refuse(None, &["b/1.png: picture"]);
}

#[test]
fn classes_are_in_natural_order_and_pictures_in_any_depth() {
    let folder = Folder::new()
        .grey("10/1.png", [1, 1], 10)
        .grey("2/deep/er/1.png", [1, 1], 2)
        .grey("1/1.png", [1, 1], 1)
        .grey("__MACOSX/1.png", [9, 9], 0)
        .grey(".ipynb_checkpoints/1.png", [9, 9], 0);
    fs::write(folder.path("1/Thumbs.db"), "of a system").unwrap();
    fs::write(folder.path("1/.DS_Store"), "of a system").unwrap();
    let found = folder.found(None).unwrap();
    let set = &found.sets[0].1;
    assert_eq!(set.class_names(), ["1", "2", "10"]);
    // The name of each class is the pixel of its picture.
    for at in 0..3 {
        let name = &set.class_names()[set.labels()[at] as usize];
        assert_eq!(set.picture(at)[0].to_string(), *name);
    }
    assert_eq!(found.notes, Vec::<String>::new());
}

#[test]
fn parts_go_by_their_usual_names() {
    for (train, validation, test) in [
        ("train", "val", "test"),
        ("Training", "valid", "Testing"),
        ("TRAIN", "validation", "test"),
    ] {
        let folder = Folder::new()
            .grey(&format!("{train}/a/1.png"), [1, 1], 1)
            .grey(&format!("{train}/b/1.png"), [1, 1], 2)
            .grey(&format!("{validation}/a/1.png"), [1, 1], 3)
            .grey(&format!("{test}/b/1.png"), [1, 1], 4);
        let sets = folder.load(None).unwrap();
        let parts: Vec<Part> = sets.iter().map(|(part, _)| *part).collect();
        assert_eq!(parts, [Part::Train, Part::Validation, Part::Test]);
        assert_eq!(sets[1].1.pixels(), [3]);
        assert_eq!(sets[2].1.pixels(), [4]);
        // Two folders for one part are one too many.
        let folder = folder.grey("TESTING/a/1.png", [1, 1], 5);
        if test == "test" {
            folder.refuse(None, &["parts: expected one folder for the part test"]);
        }
    }
}

#[test]
fn every_format_gives_the_pixels_that_were_written() {
    let mut folder = Folder::new().grey("b/0.png", [2, 3], 90);
    for ending in ["png", "bmp", "tif", "tiff", "webp", "gif", "pgm"] {
        folder = folder.grey_as(&format!("a/grey.{ending}"), 90);
    }
    let sets = folder.load(None).unwrap();
    assert_eq!(sets[0].1.len(), 8);
    assert_eq!(sets[0].1.shape(), [1, 2, 3]);
    assert_eq!(sets[0].1.pixels(), [90; 48]);
    for ending in ["bmp", "tif", "webp", "ppm"] {
        folder = folder.rgb(&format!("b/colour.{ending}"), [2, 3], [10, 20, 30]);
    }
    let sets = folder.load(None).unwrap();
    assert_eq!(sets[0].1.shape(), [3, 2, 3]);
    assert_eq!(sets[0].1.picture(9), [[10; 6], [20; 6], [30; 6]].concat());
    fs::write(folder.path("a/phone.heic"), "a picture").unwrap();
    folder.refuse(
        None,
        &[
            "phone.heic: picture: expected PNG, JPEG, BMP",
            "convert it",
            "found heic",
        ],
    );
}

#[test]
fn transparency_and_deep_colours_are_said() {
    let folder = Folder::new().grey("a/1.png", [1, 2], 7);
    let clear = RgbaImage::from_pixel(2, 1, Rgba([1, 2, 3, 0]));
    clear.save(folder.path("b/1.png")).unwrap();
    let deep = image::ImageBuffer::<Luma<u16>, Vec<u16>>::from_pixel(2, 1, Luma([0x1212]));
    deep.save(folder.path("b/2.png")).unwrap();
    let found = folder.found(None).unwrap();
    assert_eq!(found.sets[0].1.picture(1), [1, 1, 2, 2, 3, 3]);
    assert_eq!(found.sets[0].1.picture(2), [18; 6]);
    let notes = [
        "2 of 3 are grey, and take three equal channels",
        "transparency dropped (1 of 3)",
        "16 bits a channel rounded to 8 (1 of 3, none above 4626 of 65535)",
    ];
    assert_eq!(found.notes, notes);
}

/// What the script wrote.
fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(name)
}

#[test]
fn pillow_reads_the_same_pixels_and_scales_them_alike() {
    let pillow = |name: &str| {
        let found = crate::data::load_npz(fixture(name), &Part::ALL).unwrap();
        found.sets[0].1.clone()
    };
    let load = |size| load_folder(fixture("pictures"), size, &Part::ALL).unwrap();
    let (read, wanted) = (load(None), pillow("pictures.npz"));
    assert_eq!(read.sets[0].1.shape(), [3, 7, 9]);
    assert_eq!(read.sets[0].1.pixels(), wanted.pixels());
    assert_eq!(read.sets[0].1.labels(), wanted.labels());
    let (scaled, wanted) = (load(Some([4, 5])), pillow("pictures_scaled.npz"));
    let off = (scaled.sets[0].1.pixels().iter().zip(wanted.pixels()))
        .map(|(ours, theirs)| ours.abs_diff(*theirs))
        .max();
    // Rounded once here and twice there.
    assert!(off <= Some(1), "{off:?}");
}

#[test]
fn jpegs_cut_anywhere_are_refused() {
    let folder = Folder::new().grey("a/1.png", [32, 32], 9);
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(32, 32, |x, y| image::Rgb([8 * x as u8, 8 * y as u8, 50]));
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    let whole = bytes.into_inner();
    let path = folder.path("b/1.jpg");
    fs::write(&path, &whole).unwrap();
    assert_eq!(folder.load(None).unwrap()[0].1.shape(), [3, 32, 32]);
    for cut in [whole.len() / 2, whole.len() * 9 / 10, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).unwrap();
        folder.refuse(
            None,
            &[
                "b/1.jpg: picture: expected a whole JPEG (get it again",
                "found its end is missing",
            ],
        );
        // A download that failed and left zeros.
        fs::write(&path, [&whole[..cut], &[0; 99]].concat()).unwrap();
        folder.refuse(None, &["found its end is missing"]);
    }
}

#[test]
fn floats_of_tiffs_are_refused() {
    let folder = Folder::new().grey("a/1.png", [2, 2], 9);
    let picture = image::Rgb32FImage::from_pixel(2, 2, image::Rgb([100.0, 0.5, 3.0]));
    picture.save(folder.path("b/1.tif")).unwrap();
    let wanted = "b/1.tif: picture: expected 8 or 16 bits a channel (convert floats first), found";
    folder.refuse(None, &[wanted]);
}

#[test]
fn channels_do_not_depend_on_the_wanted_parts() {
    let mut folder = Folder::new();
    for name in ["train/a", "train/b", "test/a", "test/b", "val/a"] {
        folder = folder.grey(&format!("{name}/1.png"), [2, 2], 9);
    }
    let folder = folder.rgb("val/b/1.png", [2, 2], [1, 2, 3]);
    let path = folder.0.path().to_str().unwrap();
    let parts = crate::data::open(path, std::path::Path::new("no-cache")).unwrap();
    let pictures = crate::data::Pictures::of(&parts, &crate::data::Normalize::None).unwrap();
    assert_eq!(pictures.parts, [Part::Train, Part::Test]);
    assert_eq!(pictures.shape, [3, 2, 2]);
    assert_eq!(pictures.read().unwrap().first().1.shape(), [3, 2, 2]);
}

/// A JPEG with an EXIF segment of one entry, the orientation.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let head = b"Exif\0\0II*\0\x08\0\0\0\x01\0";
    let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    let body = [&head[..], &entry, &[0; 4]].concat();
    let segment = [&[0xff, 0xe1, 0, body.len() as u8 + 2][..], &body].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

#[test]
fn pictures_are_turned_as_viewers_turn_them() {
    let folder = Folder::new().grey("a/1.png", [16, 8], 9);
    let mut bytes = std::io::Cursor::new(Vec::new());
    // Dark on the left.
    let picture = image::GrayImage::from_fn(16, 8, |x, _| Luma([if x < 8 { 0 } else { 240 }]));
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    let turned = with_orientation(&bytes.into_inner(), 6);
    fs::write(folder.path("b/1.jfif"), turned).unwrap();
    let found = folder.found(None).unwrap();
    let set = &found.sets[0].1;
    assert_eq!(set.shape(), [1, 16, 8]);
    // Turned right, the left is above.
    let pixels = set.picture(1);
    assert!(pixels[..64].iter().all(|&pixel| pixel < 20), "{pixels:?}");
    assert!(pixels[64..].iter().all(|&pixel| pixel > 220), "{pixels:?}");
    assert_eq!(found.notes, ["turned as EXIF says (1 of 2)"]);
}

#[test]
fn further_frames_are_said() {
    let folder = Folder::new().grey("a/1.png", [2, 3], 9);
    let file = fs::File::create(folder.path("b/1.gif")).unwrap();
    let mut encoder = image::codecs::gif::GifEncoder::new(file);
    for value in [10, 20] {
        let pixels = RgbaImage::from_pixel(3, 2, Rgba([value, value, value, 255]));
        encoder.encode_frame(image::Frame::new(pixels)).unwrap();
    }
    drop(encoder);
    let found = folder.found(None).unwrap();
    assert_eq!(found.sets[0].1.picture(1), [10; 6]);
    let note = "only the first page or frame read (1 of 2 have more)";
    assert_eq!(found.notes, [note]);
}

#[test]
fn twelve_bits_in_sixteen_are_refused() {
    let folder = Folder::new().grey("a/1.png", [1, 2], 7);
    let deep = |value| image::ImageBuffer::<Luma<u16>, Vec<u16>>::from_pixel(2, 1, Luma([value]));
    deep(4080).save(folder.path("b/1.png")).unwrap();
    let wanted = "pictures: expected 16 bits a channel that are used (save 12 bits or fewer";
    folder.refuse(None, &[wanted, "found none above 4080 of 65535 in 1"]);
    deep(40_000).save(folder.path("b/2.png")).unwrap();
    let notes = folder.found(None).unwrap().notes;
    assert_eq!(notes, ["16 bits a channel rounded to 8 (2 of 3)"]);
}
