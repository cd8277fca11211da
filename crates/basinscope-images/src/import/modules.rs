//! What the names of a file say: its modules, their kinds, and how their names sort.

use super::Entry;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Layers of one kind that are put in order.
pub(super) const MAX_LAYERS: usize = 4096;

/// What the tensors of a module make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A weight of four axes.
    Conv,
    /// Running statistics.
    Norm,
    /// A weight of two axes.
    Linear,
    /// Anything else.
    Other,
}

/// A piece of a name: `layer1.0.conv2` is `layer`, 1, 0, `conv`, 2.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// In lower case.
    Word(String),
    /// A place among its like.
    Number(usize),
}

/// The tensors of one layer.
#[derive(Debug, Clone)]
pub(super) struct Module {
    /// The name without its last word.
    pub(super) path: String,
    /// The pieces of the path, those that all modules share left out.
    pub(super) key: Vec<Part>,
    pub(super) kind: Kind,
    /// Entries by what they are (`weight`, `running_mean`, …).
    pub(super) tensors: Vec<(String, usize)>,
    /// Shape of the weight.
    pub(super) shape: Vec<usize>,
}

impl Module {
    /// Number of channels or outputs.
    pub(super) fn outputs(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Whether a convolution's kernel is one position.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kind == Kind::Conv && self.shape[2..] == [1, 1]
    }

    /// Whether one of its words is among these.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        (self.key.iter())
            .any(|part| matches!(part, Part::Word(word) if words.contains(&word.as_str())))
    }
}

/// Whether a tensor only counts batches, or nets that were averaged (`AveragedModel`).
pub(super) fn is_count(name: &str) -> bool {
    matches!(
        name.rsplit('.').next(),
        Some("num_batches_tracked" | "n_averaged")
    )
}

/// The modules of a file, each where its first tensor stands.
pub(super) fn modules(entries: &[Entry]) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    let mut by_path: HashMap<&str, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if is_count(&entry.name) {
            continue;
        }
        let (path, role) = entry.name.rsplit_once('.').unwrap_or(("", &entry.name));
        let place = *by_path.entry(path).or_insert_with(|| {
            modules.push(Module {
                path: path.into(),
                key: parts(path),
                kind: Kind::Other,
                tensors: Vec::new(),
                shape: Vec::new(),
            });
            modules.len() - 1
        });
        if role == "weight" {
            modules[place].shape.clone_from(&entry.shape);
        }
        modules[place].tensors.push((role.into(), at));
    }
    for module in &mut modules {
        let has = |role: &str| module.tensors.iter().any(|(found, _)| found == role);
        let known = ["weight", "bias", "running_mean", "running_var"];
        let is_known = |role: &str| known.contains(&role);
        module.kind = match module.shape.len() {
            _ if module.tensors.iter().any(|(role, _)| !is_known(role)) => Kind::Other,
            0 | 1 if has("running_mean") || has("running_var") => Kind::Norm,
            _ if has("running_mean") || has("running_var") => Kind::Other,
            2 => Kind::Linear,
            4 => Kind::Conv,
            _ => Kind::Other,
        };
    }
    without_shared_parts(&mut modules);
    modules
}

/// Takes off what the names of all modules begin with: it tells nothing.
fn without_shared_parts(modules: &mut [Module]) {
    let Some(first) = modules.first() else { return };
    if modules.len() < 2 {
        return;
    }
    let shared = (modules.iter())
        .map(|module| shared_parts(&module.key, &first.key))
        .min()
        .unwrap_or(0);
    for module in modules {
        module.key.drain(..shared);
    }
}

/// How many parts two keys begin with alike.
pub(super) fn shared_parts(a: &[Part], b: &[Part]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The pieces of a path: at points, underscores and where digits begin or end. `2d` and `1d` behind
/// a word are no numbers; a letter from a to d behind an underscore is one (`conv_a`).
fn parts(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let layers = path.split('.');
    let tokens = layers.flat_map(|layer| layer.split(['_', '-']).enumerate());
    for (at, token) in tokens {
        let lower = token.to_lowercase();
        if let ([letter @ b'a'..=b'd'], 1..) = (lower.as_bytes(), at) {
            parts.push(Part::Number(1 + usize::from(letter - b'a')));
            continue;
        }
        let plain = (lower
            .strip_suffix("2d")
            .or_else(|| lower.strip_suffix("1d")))
        .filter(|word| !word.is_empty() && word.chars().all(char::is_alphabetic))
        .unwrap_or(&lower);
        let mut rest = plain;
        while let Some(first) = rest.chars().next() {
            let is_digit = first.is_ascii_digit();
            let end = rest
                .find(|c: char| c.is_ascii_digit() != is_digit)
                .unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            parts.push(match piece.parse() {
                Ok(number) if is_digit => Part::Number(number),
                _ => Part::Word(piece.into()),
            });
            rest = after;
        }
    }
    parts
}

/// Where words stand in a net, from its input to its output.
pub(super) const PLACES: [&[&str]; 7] = [
    &[
        "in", "input", "first", "stem", "init", "embedder", "embed", "prep",
    ],
    &[
        "conv",
        "convs",
        "features",
        "feature",
        "extractor",
        "encoder",
        "backbone",
        "c",
        "cnn",
    ],
    &[
        "layer", "layers", "stage", "stages", "block", "blocks", "body", "hidden", "group",
        "groups",
    ],
    &["fc", "linear", "dense", "lin", "mlp", "f", "l", "fcs"],
    &["classifier", "head"],
    &["out", "output", "final", "last", "logits", "top"],
    &[],
];

/// The order that the names of two modules of one kind give them; `None` where they give none.
pub(super) fn by_names(a: &[Part], b: &[Part]) -> Option<Ordering> {
    let at = shared_parts(a, b);
    match (a.get(at), b.get(at)) {
        (None, None) => Some(Ordering::Equal),
        (Some(Part::Number(a)), Some(Part::Number(b))) => Some(a.cmp(b)),
        (Some(Part::Word(a)), Some(Part::Word(b))) => {
            let place = |word: &str| PLACES.iter().position(|words| words.contains(&word));
            match (place(a)?, place(b)?) {
                (a, b) if a == b => None,
                (a, b) => Some(a.cmp(&b)),
            }
        }
        _ => None,
    }
}

/// The modules in the order of their names; the first two whose names give none where there are
/// such.
pub(super) fn sorted<'a>(modules: &[&'a Module]) -> Result<Vec<&'a Module>, [&'a Module; 2]> {
    // Each pair is looked at: a file of far more layers is no net of ours.
    if let [first, second, ..] = modules
        && modules.len() > MAX_LAYERS
    {
        return Err([first, second]);
    }
    for (at, a) in modules.iter().enumerate() {
        for b in &modules[at + 1..] {
            match by_names(&a.key, &b.key) {
                Some(Ordering::Less | Ordering::Greater) => {}
                _ => return Err([a, b]),
            }
        }
    }
    let mut sorted = modules.to_vec();
    // Total where each pair has an order; a circle of places cannot be, as each is a number.
    sorted.sort_by(|a, b| by_names(&a.key, &b.key).unwrap_or(Ordering::Equal));
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words_and_numbers() {
        let text = |path: &str| {
            let piece = |part: Part| match part {
                Part::Word(word) => word,
                Part::Number(number) => number.to_string(),
            };
            parts(path)
                .into_iter()
                .map(piece)
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (path, expected) in [
            ("layer1.0.conv2", "layer 1 0 conv 2"),
            (
                "conv2_x.0.residual_function.3",
                "conv 2 x 0 residual function 3",
            ),
            ("BatchNorm2d_0", "batchnorm 0"),
            ("C1", "c 1"),
            ("stage_1.0.conv_b", "stage 1 0 conv 2"),
            ("c.d", "c d"),
            ("0", "0"),
            ("", ""),
        ] {
            assert_eq!(text(path), expected);
        }
    }

    #[test]
    fn names_sort_by_numbers_and_by_the_places_of_words() {
        let order = |a: &str, b: &str| by_names(&parts(a), &parts(b));
        for (a, b) in [
            ("fc2", "fc10"),
            ("net.0", "net.2"),
            ("conv1", "layer1.0.conv1"),
            ("layer1.0.conv2", "layer1.1.conv1"),
            ("features.7", "classifier"),
            ("input_fc", "hidden_fc"),
            ("hidden2", "out"),
            ("c2_1.c2.c2", "c3.c3"),
        ] {
            assert_eq!(order(a, b), Some(Ordering::Less), "{a} {b}");
            assert_eq!(order(b, a), Some(Ordering::Greater), "{a} {b}");
        }
        for (a, b) in [("conv_x", "conv_y"), ("fc", "fc1"), ("left.0", "right.0")] {
            assert_eq!(order(a, b), None, "{a} {b}");
        }
    }
}
