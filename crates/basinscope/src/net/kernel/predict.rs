//! Predicted classes of a panel of logits.

/// The predicted class of one point from its logits: ties go to the lower class.
fn predicted(logits: &[f32], width: usize, classes: usize, i: usize) -> u32 {
    if classes == 1 {
        return u32::from(logits[i] > 0.0);
    }
    let mut best = 0;
    for class in 1..classes {
        if logits[class * width + i] > logits[best * width + i] {
            best = class;
        }
    }
    best as u32
}

/// Points whose predicted class is their label.
pub(super) fn count_correct(logits: &[f32], width: usize, classes: usize, labels: &[u32]) -> usize {
    labels
        .iter()
        .enumerate()
        .filter(|&(i, &label)| predicted(logits, width, classes, i) == label)
        .count()
}

/// Points before the first whose predicted class is not its label.
pub(super) fn count_right_in_a_row(
    logits: &[f32],
    width: usize,
    classes: usize,
    labels: &[u32],
) -> usize {
    let right = |&(i, &label): &(usize, &u32)| predicted(logits, width, classes, i) == label;
    labels.iter().enumerate().take_while(right).count()
}
