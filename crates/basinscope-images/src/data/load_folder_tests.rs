//! Folders of small pictures, in order and out of it.

use super::*;
use image::{GrayImage, Luma, Rgb, Rgba, RgbaImage};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
    fn grey(self, name: &str, size: [u32; 2], value: u8) -> Self {
        let picture = GrayImage::from_pixel(size[1], size[0], Luma([value]));
        picture.save(self.path(name)).unwrap();
        self
    }
    /// In a format that has no grey of its own, or has.
    fn grey_as(self, name: &str, value: u8) -> Self {
        if name.ends_with("gif") {
            let picture = RgbaImage::from_pixel(3, 2, Rgba([value, value, value, 255]));
            picture.save(self.path(name)).unwrap();
            return self;
        }
        if name.ends_with("webp") {
            return self.rgb(name, [2, 3], [value; 3]);
        }
        self.grey(name, [2, 3], value)
    }
    fn rgb(self, name: &str, size: [u32; 2], value: [u8; 3]) -> Self {
        let picture = RgbImage::from_pixel(size[1], size[0], Rgb(value));
        picture.save(self.path(name)).unwrap();
        self
    }
    fn found(&self, size: Option<[usize; 2]>) -> Result<Found> {
        load_folder(self.0.path(), size, &Part::ALL)
    }
    fn load(&self, size: Option<[usize; 2]>) -> Result<Vec<(Part, ImageSet)>> {
        self.found(size).map(|found| found.sets)
    }
    fn refuse(&self, size: Option<[usize; 2]>, parts: &[&str]) {
        let error = self.load(size).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "lacks `{part}`: {error}");
        }
    }
}

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
    let deep = image::ImageBuffer::<Luma<u16>, Vec<u16>>::from_pixel(2, 1, Luma([0x0a0a]));
    deep.save(folder.path("b/2.png")).unwrap();
    let found = folder.found(None).unwrap();
    assert_eq!(found.sets[0].1.picture(1), [1, 1, 2, 2, 3, 3]);
    assert_eq!(found.sets[0].1.picture(2), [10; 6]);
    let notes = [
        "2 of 3 are grey, and take three equal channels",
        "transparency dropped (1 of 3)",
        "16 bits a channel rounded to 8 (1 of 3)",
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
