//! Files built by hand, byte by byte, in both byte orders.

use super::*;
use flate2::{Compression, write::ZlibEncoder};
use std::io::Write;

/// Writes numbers in one byte order.
#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn u32(self, value: u32) -> [u8; 4] {
        if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
    fn f64(self, value: f64) -> [u8; 8] {
        if self.big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
    fn header(self) -> Vec<u8> {
        let mut bytes = b"MATLAB 5.0 MAT-file".to_vec();
        bytes.resize(124, b' ');
        bytes.extend(if self.big {
            *b"\x01\x00MI"
        } else {
            *b"\x00\x01IM"
        });
        bytes
    }
    fn element(self, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = [self.u32(kind), self.u32(data.len() as u32)].concat();
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }
    fn small(self, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = self.u32((data.len() as u32) << 16 | kind).to_vec();
        bytes.extend(data);
        bytes.resize(8, 0);
        bytes
    }
    fn matrix(self, name: &str, shape: &[u32], storage: u32, data: &[u8]) -> Vec<u8> {
        let flags = [self.u32(6), self.u32(0)].concat();
        let shape: Vec<u8> = shape.iter().flat_map(|&extent| self.u32(extent)).collect();
        let name = if name.len() <= 4 {
            self.small(INT8, name.as_bytes())
        } else {
            self.element(INT8, name.as_bytes())
        };
        let data = if data.len() <= 4 && !data.is_empty() {
            self.small(storage, data)
        } else {
            self.element(storage, data)
        };
        let parts = [
            self.element(UINT32, &flags),
            self.element(INT32, &shape),
            name,
            data,
        ];
        self.element(MATRIX, &parts.concat())
    }
    fn packed(self, matrix: &[u8]) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(matrix).unwrap();
        let packed = packed.finish().unwrap();
        // Packed elements are not padded.
        [
            &[self.u32(COMPRESSED), self.u32(packed.len() as u32)].concat()[..],
            &packed,
        ]
        .concat()
    }
}

const ORDERS: [Order; 2] = [Order { big: false }, Order { big: true }];

fn load(bytes: &[u8], wanted: &[&str]) -> Result<Vec<Variable>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read(file.path(), wanted)
}

fn refuse(bytes: &[u8], parts: &[&str]) {
    let Err(error) = load(bytes, &["X", "y"]) else {
        panic!("taken, instead of {parts:?}");
    };
    for part in parts {
        assert!(error.to_string().contains(part), "lacks `{part}`: {error}");
    }
}

#[test]
fn both_byte_orders_packed_and_small_elements_read_alike() {
    for order in ORDERS {
        let labels: Vec<u8> = [1.0, 10.0, -2.5]
            .into_iter()
            .flat_map(|y| order.f64(y))
            .collect();
        let file = [
            order.header(),
            order.matrix("another", &[2, 1], UINT8, &[1, 2]),
            order.matrix("X", &[3, 1], UINT8, &[7, 8, 9]),
            order.packed(&order.matrix("other", &[1, 9], UINT8, &[0; 9])),
            order.packed(&order.matrix("y", &[3, 1], 9, &labels)),
        ];
        let found = load(&file.concat(), &["X", "y"]).unwrap();
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["X", "y"]);
        assert_eq!(found[0].shape, [3, 1]);
        assert_eq!(found[0].numbers(), [7.0, 8.0, 9.0]);
        assert_eq!(found[1].numbers(), [1.0, 10.0, -2.5]);
    }
}

#[test]
fn every_type_of_number_is_widened() {
    for order in ORDERS {
        let turn = |mut bytes: Vec<u8>| {
            if order.big {
                bytes.reverse();
            }
            bytes
        };
        for (storage, low_first, wanted) in [
            (1, vec![0xfe], -2.0),
            (2, vec![0xfe], 254.0),
            (3, (-300_i16).to_le_bytes().to_vec(), -300.0),
            (4, 60_000_u16.to_le_bytes().to_vec(), 60_000.0),
            (5, (-70_000_i32).to_le_bytes().to_vec(), -70_000.0),
            (6, 4_000_000_000_u32.to_le_bytes().to_vec(), 4e9),
            (7, 1.5_f32.to_le_bytes().to_vec(), 1.5),
            (9, 2.25_f64.to_le_bytes().to_vec(), 2.25),
            (12, (-5_i64).to_le_bytes().to_vec(), -5.0),
            (13, 5_u64.to_le_bytes().to_vec(), 5.0),
        ] {
            let matrix = order.matrix("X", &[1, 1], storage, &turn(low_first));
            let file = [order.header(), matrix].concat();
            let found = load(&file, &["X"]).unwrap();
            assert_eq!(found[0].numbers(), [wanted], "type {storage}");
        }
    }
}

#[test]
fn what_is_no_such_file_is_refused_by_field() {
    let order = ORDERS[0];
    let after = |element: &[u8]| [&order.header()[..], element].concat();
    refuse(
        b"",
        &[
            "header: expected a MATLAB 5.0 MAT-file",
            "a file of 0 bytes",
        ],
    );
    refuse(&[0; 200], &["header", "byte order [00, 00]"]);
    let mut newer = order.header();
    newer[125] = 2;
    refuse(&newer, &["header", "version 7.3 (HDF5)"]);
    refuse(
        &after(&order.element(9, &[0; 8])),
        &["element: expected an array", "type 9"],
    );
    let no_array = order.packed(&order.element(UINT8, &[0; 8]));
    refuse(
        &after(&no_array),
        &["packed element: expected type 14, found type 2"],
    );
    let shape = order.matrix("X", &[4, 1], UINT8, &[1, 2, 3]);
    refuse(
        &after(&shape),
        &["X: expected as many values as its shape [4, 1], found 3 bytes of uint8"],
    );
    let text = order.matrix("X", &[1, 2], 16, b"ab");
    refuse(
        &after(&text),
        &["X: expected an array of numbers, found type 16"],
    );
    let mut complex = order.matrix("X", &[3, 1], UINT8, &[7, 8, 9]);
    complex[17] = 0x08;
    refuse(
        &after(&complex),
        &["X: expected real numbers, found complex numbers"],
    );
    // 64 thousand million values in a file of some two hundred bytes, plain and packed.
    let huge = order.matrix("X", &[1 << 18, 1 << 18], UINT8, &[0; 64]);
    refuse(
        &after(&huge),
        &["as many values as its shape [262144, 262144], found 64 bytes"],
    );
    let mut long = order.matrix("X", &[0xffff_fff0, 1], UINT8, &[0; 64]);
    let place = long.len() - 68;
    long[place..place + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    refuse(
        &after(&long),
        &["X: expected 4294967280 bytes, found only 64"],
    );
    long[4..8].copy_from_slice(&0xffff_fff8_u32.to_le_bytes());
    refuse(
        &after(&order.packed(&long)),
        &["array: expected at most", "packed ones, found 4294967296"],
    );
}

#[test]
fn a_bit_turned_in_packed_data_is_noticed_or_does_not_matter() {
    let order = ORDERS[0];
    let data: Vec<u8> = (0..200).collect();
    let file = [
        order.header(),
        order.packed(&order.matrix("X", &[200, 1], UINT8, &data)),
    ]
    .concat();
    assert!(load(&file, &["X"]).is_ok());
    let mut noticed = 0;
    for at in 136..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        // Some bits of the format only fill a byte.
        match load(&damaged, &["X"]) {
            Ok(found) => assert!(found[0].bytes == data, "byte {at}"),
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed >= file.len() - 136 - 2, "{noticed}");
}
