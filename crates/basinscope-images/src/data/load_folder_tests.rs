//! Folders of small pictures, in order and out of it.

use super::*;
use image::{GrayImage, Luma, Rgb};

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
    fn rgb(self, name: &str, size: [u32; 2], value: [u8; 3]) -> Self {
        let picture = RgbImage::from_pixel(size[1], size[0], Rgb(value));
        picture.save(self.path(name)).unwrap();
        self
    }
    fn load(&self, size: Option<[usize; 2]>) -> Result<Vec<(Part, ImageSet)>> {
        load_folder(self.0.path(), size, &Part::ALL)
    }
    fn refuse(&self, size: Option<[usize; 2]>, parts: &[&str]) {
        let error = self.load(size).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "lacks `{part}`: {error}");
        }
    }
}

#[test]
fn folders_are_classes_in_sorted_order() {
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
    let folder = folder.grey("test/c/1.png", [1, 1], 3);
    folder.refuse(
        None,
        &["test: classes: expected one of the classes a, b, found `c`"],
    );
}

#[test]
fn other_sizes_are_scaled_only_where_a_size_is_asked_for() {
    let folder = Folder::new()
        .grey("a/1.png", [2, 2], 9)
        .grey("b/1.png", [6, 4], 50);
    let parts = [
        "b/1.png: size: expected 2 × 2 pixels as the first picture",
        "found 4 × 6",
    ];
    folder.refuse(None, &parts);
    let sets = folder.load(Some([3, 5])).unwrap();
    assert_eq!(sets[0].1.shape(), [1, 3, 5]);
    // A picture of one value keeps it.
    assert_eq!(sets[0].1.picture(1), [50; 15]);
    folder.refuse(Some([0, 5]), &["size: expected 1 to 16384 pixels, found 0"]);
}

#[test]
fn folders_out_of_order_are_refused() {
    let folder = Folder::new();
    folder.refuse(None, &["classes: expected at least 2 folders, found 0"]);
    let folder = folder.grey("a/1.png", [2, 2], 9);
    fs::create_dir(folder.path("b")).unwrap();
    folder.refuse(
        None,
        &["b: pictures: expected at least one .png, .jpg or .jpeg, found none"],
    );
    let whole = fs::read(folder.path("a/1.png")).unwrap();
    fs::write(folder.path("b/1.png"), &whole[..whole.len() / 2]).unwrap();
    folder.refuse(None, &["b/1.png: picture: expected a whole PNG or JPEG"]);
    fs::write(folder.path("b/1.png"), b"text").unwrap();
    folder.refuse(None, &["b/1.png: picture"]);
    // A header that claims 2³¹ by 2³¹ pixels (its checksum is not looked at first).
    let mut huge = whole;
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    fs::write(folder.path("b/1.png"), &huge).unwrap();
    folder.refuse(None, &["b/1.png: picture"]);
}
