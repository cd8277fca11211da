//! What the files of a run tell by their names, sizes and times alone.

use basinscope_report::page::Standing;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A run in which a file changed this lately counts as running.
const RUNNING_WITHIN: Duration = Duration::from_secs(30);

/// A look at a run.
pub struct Glance {
    /// Changes whenever a file changes that the page is drawn from, or the page itself.
    pub stamp: u64,
    /// When the newest file changed that the page is drawn from.
    pub records: Option<SystemTime>,
    /// When the page was written.
    pub page: Option<SystemTime>,
    /// Whether there is any result.
    pub has_results: bool,
}

impl Glance {
    /// Looks at the files of a run; those that cannot be seen count as absent.
    pub fn at(root: &Path) -> Self {
        let mut seen: Vec<(String, Metadata)> = Vec::new();
        for folder in ["results", "figures"] {
            for entry in fs::read_dir(root.join(folder))
                .into_iter()
                .flatten()
                .flatten()
            {
                let name = entry.file_name().to_string_lossy().into_owned();
                // Files not yet renamed into place begin with a dot.
                if let Ok(data) = entry.metadata()
                    && data.is_file()
                    && !name.starts_with('.')
                {
                    seen.push((format!("{folder}/{name}"), data));
                }
            }
        }
        let has_results = seen.iter().any(|(name, _)| name.starts_with("results/"));
        let time = |data: &Metadata| data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        if let Ok(data) = fs::metadata(root.join("config.toml")) {
            seen.push(("config.toml".into(), data));
        }
        let records = seen.iter().map(|(_, data)| time(data)).max();
        let page = fs::metadata(root.join("index.html")).ok();
        let page_time = page.as_ref().map(time);
        seen.extend(page.map(|data| ("index.html".into(), data)));
        seen.sort_by(|a, b| a.0.cmp(&b.0));
        let mut hasher = DefaultHasher::new();
        for (name, data) in &seen {
            (name, data.len(), time(data)).hash(&mut hasher);
        }
        Self {
            stamp: hasher.finish(),
            records,
            page: page_time,
            has_results,
        }
    }

    /// Whether the page is there and nothing it is drawn from is newer.
    pub fn page_is_current(&self) -> bool {
        self.page.is_some() && self.page >= self.records
    }

    /// When the newest file changed.
    pub fn changed(&self) -> Option<SystemTime> {
        self.records.max(self.page)
    }

    /// How far the run is, seen at `now`.
    pub fn standing(&self, now: SystemTime) -> Standing {
        let lately = |time: SystemTime| age(time, now) < RUNNING_WITHIN;
        if !self.has_results {
            Standing::Waiting
        } else if self.changed().is_some_and(lately) {
            Standing::Running
        } else if self.page_is_current() {
            Standing::Finished
        } else {
            Standing::Unfinished
        }
    }
}

fn age(time: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(time).unwrap_or_default() // clocks of file servers may be ahead
}

/// How long ago, in the largest unit that gives at least one.
pub fn ago(time: SystemTime, now: SystemTime) -> String {
    match age(time, now).as_secs() {
        seconds @ ..60 => format!("{seconds} s ago"),
        seconds @ ..3_600 => format!("{} min ago", seconds / 60),
        seconds @ ..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let now = SystemTime::now();
        for (seconds, words) in [
            (0, "0 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (7_199, "1 h ago"),
            (172_800, "2 d ago"),
        ] {
            assert_eq!(ago(now - Duration::from_secs(seconds), now), words);
        }
        assert_eq!(ago(now + Duration::from_secs(9), now), "0 s ago");
    }

    #[test]
    fn a_run_is_finished_when_its_page_is_the_last_thing_written() {
        let now = SystemTime::now();
        let at = |seconds| Some(now - Duration::from_secs(seconds));
        let standing = |records, page, has_results| {
            let glance = Glance {
                stamp: 0,
                records,
                page,
                has_results,
            };
            glance.standing(now)
        };
        assert_eq!(standing(at(90), at(80), true), Standing::Finished);
        assert_eq!(standing(at(80), at(90), true), Standing::Unfinished);
        assert_eq!(standing(at(80), None, true), Standing::Unfinished);
        assert_eq!(standing(at(29), at(90), true), Standing::Running);
        assert_eq!(standing(at(1), None, false), Standing::Waiting);
        assert_eq!(standing(None, None, false), Standing::Waiting);
    }
}
