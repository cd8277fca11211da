//! Which inputs each output position of a convolution reads, forward and backward.

use crate::graph::Shape;

/// Most positions of a segment: the columns of a register tile.
pub(super) const MAX_POSITIONS: usize = 3;

/// One input position and the kernel position it is multiplied with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tap {
    /// Position in the input, `row·width + column`, for the first output of the segment.
    pub(super) input: usize,
    /// `row·kernel width + column` in the kernel.
    pub(super) kernel: usize,
}

/// Up to three outputs of one row that read alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// First output position.
    pub(super) output: usize,
    /// Positions from one output to the next, and from one's inputs to the next's.
    pub(super) steps: [usize; 2],
    /// Outputs, 1 to [`MAX_POSITIONS`].
    pub(super) count: usize,
    /// Its taps in [`Gather::taps`].
    taps: [usize; 2],
}

/// All segments of a picture, row by row.
pub(super) struct Gather {
    rows: Vec<[usize; 2]>,
    segments: Vec<Segment>,
    taps: Vec<Tap>,
    extents: [usize; 3],
}

/// One direction of a convolution's geometry.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Window {
    /// Inputs that output `at` reads: (input, kernel position).
    fn forward(self, at: usize, inputs: usize) -> Vec<[usize; 2]> {
        (0..self.kernel)
            .filter_map(|k| {
                let input = (at * self.stride + k).checked_sub(self.padding)?;
                (input < inputs).then_some([input, k])
            })
            .collect()
    }

    /// Outputs that read input `at`, as the backward pass needs them.
    fn backward(self, at: usize, outputs: usize) -> Vec<[usize; 2]> {
        (0..self.kernel)
            .filter_map(|k| {
                let shifted = (at + self.padding).checked_sub(k)?;
                let output = shifted / self.stride;
                (shifted % self.stride == 0 && output < outputs).then_some([output, k])
            })
            .collect()
    }
}

impl Gather {
    /// For outputs from inputs.
    pub(super) fn forward([rows, columns]: [Window; 2], input: Shape, output: Shape) -> Self {
        Self::new(
            |y| rows.forward(y, input.height),
            |x| columns.forward(x, input.width),
            [output.height, output.width],
            [input.width, columns.kernel],
            [1, columns.stride],
        )
    }

    /// For the gradient of inputs from that of outputs.
    pub(super) fn backward([rows, columns]: [Window; 2], input: Shape, output: Shape) -> Self {
        Self::new(
            |y| rows.backward(y, output.height),
            |x| columns.backward(x, output.width),
            [input.height, input.width],
            [output.width, columns.kernel],
            [columns.stride, 1],
        )
    }

    fn new(
        reads_of_row: impl Fn(usize) -> Vec<[usize; 2]>,
        reads_of_column: impl Fn(usize) -> Vec<[usize; 2]>,
        [height, width]: [usize; 2],
        [input_width, kernel_width]: [usize; 2],
        steps: [usize; 2],
    ) -> Self {
        let columns: Vec<_> = (0..width).map(reads_of_column).collect();
        let mut gather = Self {
            rows: Vec::with_capacity(height),
            segments: Vec::new(),
            taps: Vec::new(),
            extents: [0; 3],
        };
        for y in 0..height {
            let begin = gather.segments.len();
            let row = reads_of_row(y);
            for class in 0..steps[0].min(width) {
                let mut x = class;
                while x < width {
                    let mut count = 1;
                    while count < MAX_POSITIONS
                        && x + count * steps[0] < width
                        && reads_alike(
                            &columns[x],
                            &columns[x + count * steps[0]],
                            count * steps[1],
                        )
                    {
                        count += 1;
                    }
                    let first = gather.taps.len();
                    for &[input_y, kernel_y] in &row {
                        gather
                            .taps
                            .extend(columns[x].iter().map(|&[input_x, kernel_x]| Tap {
                                input: input_y * input_width + input_x,
                                kernel: kernel_y * kernel_width + kernel_x,
                            }));
                    }
                    gather.segments.push(Segment {
                        output: y * width + x,
                        steps,
                        count,
                        taps: [first, gather.taps.len()],
                    });
                    x += count * steps[0];
                }
            }
            gather.rows.push([begin, gather.segments.len()]);
        }
        gather.extents = gather.measure();
        gather
    }

    /// The segments, row by row.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Segment]> {
        self.rows.iter().map(|&[from, to]| &self.segments[from..to])
    }

    /// The taps of a segment.
    pub(super) fn taps(&self, segment: &Segment) -> &[Tap] {
        &self.taps[segment.taps[0]..segment.taps[1]]
    }

    /// One more than the largest input, output and kernel positions of any tap.
    pub(super) fn extents(&self) -> [usize; 3] {
        self.extents
    }

    fn measure(&self) -> [usize; 3] {
        let mut extents = [0; 3];
        for segment in &self.segments {
            let last = segment.count - 1;
            extents[1] = extents[1].max(segment.output + last * segment.steps[0] + 1);
            for tap in self.taps(segment) {
                extents[0] = extents[0].max(tap.input + last * segment.steps[1] + 1);
                extents[2] = extents[2].max(tap.kernel + 1);
            }
        }
        extents
    }
}

fn reads_alike(first: &[[usize; 2]], other: &[[usize; 2]], shift: usize) -> bool {
    first.len() == other.len()
        && (first.iter().zip(other)).all(|(a, b)| a[1] == b[1] && a[0] + shift == b[0])
}
