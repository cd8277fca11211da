//! The rules of ARCHITECTURE.md, held to the sources: which crate may know which, and no circle
//! among the folders of one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Graph = BTreeMap<String, BTreeSet<String>>;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Names of modules that are compiled for tests alone.
fn test_modules(text: &str) -> impl Iterator<Item = &str> {
    text.split("#[cfg(test)]").skip(1).filter_map(|after| {
        let line = after.trim_start().lines().next()?;
        let name = line.split_once("mod ")?.1;
        name.strip_suffix(';')
    })
}

/// What is compiled outside tests, without comments.
fn code(text: &str) -> String {
    let lines: Vec<&str> = (text.lines())
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let text = lines.join("\n");
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Modules of the root that a text names as `crate::module` or in `crate::{module::…, …}`.
fn named(text: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        (text.chars())
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect()
    };
    let mut found = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            None => {
                found.insert(word(after));
            }
            Some(group) => {
                let end = group.find(';').unwrap_or(group.len());
                let parts = group[..end].split([',', '{', '}']);
                found.extend(parts.map(|part| word(part.trim())));
            }
        }
    }
    found
}

/// For each folder or file at the root of a crate, the others it knows.
fn folders(root: &Path) -> Graph {
    let mut files = Vec::new();
    sources(root, &mut files);
    let texts: Vec<(PathBuf, String)> = (files.into_iter())
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            (file, text)
        })
        .collect();
    let mut for_tests = BTreeSet::new();
    for (file, text) in &texts {
        for name in test_modules(text) {
            for path in [format!("{name}.rs"), format!("{name}/mod.rs")] {
                for folder in [file.parent().unwrap().to_owned(), file.with_extension("")] {
                    for_tests.insert(folder.join(&path));
                }
            }
        }
    }
    let mut graph = Graph::new();
    for (file, text) in &texts {
        let name = file.file_name().unwrap().to_string_lossy();
        if for_tests.contains(file) || name.ends_with("tests.rs") {
            continue;
        }
        let within = file.strip_prefix(root).unwrap();
        let top = within.iter().next().unwrap().to_string_lossy();
        let top = top.trim_end_matches(".rs").to_owned();
        graph.entry(top).or_default().extend(named(&code(text)));
    }
    let tops: BTreeSet<String> = graph.keys().cloned().collect();
    for (top, known) in &mut graph {
        known.retain(|other| other != top && tops.contains(other));
    }
    graph
}

/// A way from a module back to itself.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    fn walk(graph: &Graph, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let last = way[way.len() - 1].clone();
        for next in &graph[&last] {
            if let Some(at) = way.iter().position(|name| name == next) {
                way.drain(..at);
                return true;
            }
            if !done.contains(next) {
                way.push(next.clone());
                if walk(graph, way, done) {
                    return true;
                }
                way.pop();
            }
        }
        done.insert(last);
        false
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| {
        let mut way = vec![start.clone()];
        walk(graph, &mut way, &mut done).then_some(way)
    })
}

#[test]
fn circles_are_seen() {
    let graph = |edges: &[(&str, &[&str])]| -> Graph {
        (edges.iter())
            .map(|(from, to)| {
                let to = to.iter().map(|name| (*name).to_owned()).collect();
                ((*from).to_owned(), to)
            })
            .collect()
    };
    assert_eq!(
        circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])),
        None
    );
    let found = circle(&graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]));
    assert_eq!(found.unwrap(), ["b", "c"]);
    let text = "use crate::{Error, net::{Net, toy}};\nlet x = crate::data::read();";
    let found: Vec<String> = named(text).into_iter().filter(|n| !n.is_empty()).collect();
    assert_eq!(found, ["data", "net", "toy"]);
    let modules = "#[cfg(test)]\nmod a;\nmod b;\n#[cfg(test)]\npub(crate) mod c;";
    assert_eq!(test_modules(modules).collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn no_folders_of_the_library_know_each_other_in_a_circle() {
    let graph = folders(&crates().join("basinscope/src"));
    assert!(graph["basin"].contains("surface"), "{graph:?}");
    assert!(graph["surface"].is_empty(), "{:?}", graph["surface"]);
    let mut graph = graph;
    // The root names all; what it defines itself is a name and a version.
    graph.remove("lib");
    for known in graph.values_mut() {
        known.remove("lib");
    }
    assert_eq!(circle(&graph), None, "{graph:#?}");
}

/// The dependencies of a crate that are ours, in no matter which section.
fn ours(name: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
    let lines = manifest.lines().map(str::trim);
    let of_ours = lines.filter(|line| line.starts_with("basinscope"));
    (of_ours.filter(|line| line.contains('=')))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_know_what_they_may() {
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    assert_eq!(ours("basinscope"), set(&[]));
    assert_eq!(ours("basinscope-report"), set(&["basinscope"]));
    assert_eq!(ours("basinscope-images"), set(&["basinscope"]));
    let all = set(&["basinscope", "basinscope-images", "basinscope-report"]);
    assert_eq!(ours("basinscope-cli"), all);
}
