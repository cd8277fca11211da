//! The known name that a misspelt one was probably meant to be.

/// The `found` part of an error about an unknown name, with a hint where one name is close.
pub(super) fn unknown_name<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let plain = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = plain(name);
    known
        .into_iter()
        .map(|candidate| (edits(&wanted, &plain(candidate)), candidate))
        .filter(|&(distance, _)| distance <= 2 && distance < wanted.len())
        .min_by_key(|&(distance, _)| distance)
        .map_or_else(
            || format!("`{name}`"),
            |(_, candidate)| format!("`{name}` (did you mean `{candidate}`?)"),
        )
}

/// Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        let distance = |a: &str, b: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            edits(&letters(a), &letters(b))
        };
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("moons", "moons"), 0);
    }

    #[test]
    fn only_close_names_are_suggested() {
        let known = ["swiss-roll", "moons", "x"];
        let hint = |name| unknown_name(name, known);
        assert_eq!(
            hint("Swiss_Rol"),
            "`Swiss_Rol` (did you mean `swiss-roll`?)"
        );
        assert_eq!(hint("moon"), "`moon` (did you mean `moons`?)");
        assert_eq!(hint("cifar"), "`cifar`");
        assert_eq!(hint("z"), "`z`");
    }
}
