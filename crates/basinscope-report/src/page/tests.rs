//! The page of made-up runs: stations, numbers, escaping, and nothing from outside.

#[path = "../../examples/demo_page/run.rs"]
#[allow(dead_code)]
mod demo;

use super::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use basinscope::data::{Dataset, Split};
use basinscope::net::{Activation, Architecture};
use demo::{STOPS, local_volumes, minimum, volume};

fn full() -> (tempfile::TempDir, RunDir) {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::create(folder.path()).unwrap();
    demo::write(&run).unwrap();
    (folder, run)
}

/// The text of a page, without tags, scripts, embedded files and runs of white space.
fn text(html: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    let end = html.find("<script").unwrap_or(html.len());
    for character in html[html.find("<body").unwrap()..end].chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => plain.push(other),
            _ => {}
        }
    }
    plain.replace('\u{202f}', " ")
}

#[test]
fn a_full_run_has_every_station_in_order() {
    let (_folder, run) = full();
    let html = index_html(&run).unwrap();
    let mut from = 0;
    for id in [
        "mystery",
        "minima",
        "flatness",
        "boundaries",
        "volume",
        "numbers",
        "sources",
    ] {
        let at = html.find(&format!("<section id=\"{id}\"")).expect(id);
        assert!(at > from, "{id} is out of order");
        assert!(html.contains(&format!("href=\"#{id}\"")), "{id}");
        from = at;
    }
    assert_eq!(
        html.matches("prefers-color-scheme: dark)\" srcset").count(),
        12
    );
}

#[test]
fn the_text_states_what_the_records_hold() {
    let (_folder, run) = full();
    let html = text(&index_html(&run).unwrap());
    for words in [
        "One is right about 99.5 % of new points, the other about 11.0 %",
        "they differ by a factor of 6.29", // 0.812 / 0.129
        "larger by about 5,300 orders",    // 7,442.2 − 2,136.4
        "1.0 of 1,000",                    // ESS
        "at |c| = 0.812 (0.804 to 0.820)", // where the demo's parabola reaches the cutoff
        "climbs to 2.0 nats (at c = 0.50", // 0.001 + 8/4
        "rank correlation of 1.00",
        "basinscope tour --seed 7",
    ] {
        assert!(html.contains(words), "{words}");
    }
}

#[test]
fn one_minimum_makes_a_page_without_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::create(folder.path()).unwrap();
    run.write_json("results/minima.json", &[minimum(STOPS[4])])
        .unwrap();
    let html = index_html(&run).unwrap();
    assert!(text(&html).contains("This run has one minimum"));
    for id in ["flatness", "boundaries", "volume"] {
        assert!(!html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!html.contains("<figure"));
}

#[test]
fn what_speaks_against_the_story_is_said() {
    let (_folder, run) = full();
    let mut volumes = STOPS.map(volume).to_vec();
    (volumes[0].radius_median, volumes[0].radius_median_ci) = (0.01, [0.009, 0.011]);
    run.write_json("results/volumes.json", &volumes).unwrap();
    assert!(text(&index_html(&run).unwrap()).contains("speaks against the story"));
}

#[test]
fn local_volumes_lead_their_station_where_there_are_any() {
    let (_folder, run) = full();
    let html = index_html(&run).unwrap();
    let plain = text(&html);
    for words in [
        "At σ = 0.0200, the largest of the widths measured at which the estimates of every minimum are local",
        "probability 36.8 %", // e⁻¹
        "with e−115 (10−50)", // −115/ln 10 = −49.9
        "49.5 orders of magnitude (48.2 to 50.8, between the ends of both 95 % intervals) apart", // 114/ln 10
        "k is 1 for clean (at σ = 0.010) and 58 for redrawn-40k (at σ = 0.010)",
        "At σ = 0.0400, k of the bad minimum is negative",
        "at σ = 0.040, about 36.7 %", // 0.11 + 0.3·(1 − 1.3·0.11)
        "the poisoned basin is not isolated",
        "Of 25 points",
        "one refused",
        "two non-local",
        "was run at one of the points: the two differ by at most 1.4 nats",
        "about 5,300 decades between the two minima, a difference of two lower bounds; the local volume 49.5, measured",
        "3,614 dimensions at the rate of the luckiest ray; but only about 58",
        "Au and Beck 2001: ",
    ] {
        assert!(plain.contains(words), "{words}");
    }
    let (local, rays) = (html.find("table-local-curves"), html.find("table-volumes"));
    assert!(local.unwrap() < rays.unwrap());
    // 25 points and the reference's one.
    assert_eq!(html.matches("data-field=\"ln_p\"").count(), 26);
    assert_eq!(html.matches("data-field=\"ln_p\">–<").count(), 1);

    std::fs::remove_file(run.path("results/volumes.json")).unwrap();
    let plain = text(&index_html(&run).unwrap());
    assert!(plain.contains("probability 36.8 %") && !plain.contains("luckiest"));
}

#[test]
fn without_local_volumes_the_station_is_the_papers() {
    let (_folder, run) = full();
    std::fs::remove_file(run.path("results/local-volumes.json")).unwrap();
    let html = index_html(&run).unwrap();
    let plain = text(&html);
    assert!(plain.contains("Call the basin of a minimum the set"));
    for words in ["Au and Beck", "random step", "The paper’s measure", "R-hat"] {
        assert!(!plain.contains(words), "{words}");
    }
    assert!(!html.contains("local-volumes"));
}

#[test]
fn a_local_volume_of_some_minima_is_told_without_comparing() {
    let (_folder, run) = full();
    run.write_json("results/local-volumes.json", &local_volumes()[..1].to_vec())
        .unwrap();
    let plain = text(&index_html(&run).unwrap());
    // The good stop at σ = 0.04: −120/115 nats, 35.2 %.
    assert!(plain.contains("stays in the basin of clean with probability 35.2 %"));
    assert!(plain.contains("All five points of the curves are local and converged."));
    for words in [
        "magnitude apart",
        "Why the two measures differ",
        "Where do the samples go",
    ] {
        assert!(!plain.contains(words), "{words}");
    }
}

#[test]
fn local_volumes_that_cannot_be_compared_or_disagree_are_said_to() {
    let (_folder, run) = full();
    let mut records = local_volumes();
    for point in &mut records[4].curve {
        point.converged = false;
    }
    run.write_json("results/local-volumes.json", &records)
        .unwrap();
    let plain = text(&index_html(&run).unwrap());
    assert!(plain.contains("There is no width σ at which the estimates of both"));
    assert!(plain.contains("five unconverged"));

    let mut records = local_volumes();
    let curve = records[0].curve.clone();
    records[0].curve = records[4].curve.clone();
    records[4].curve = curve;
    run.write_json("results/local-volumes.json", &records)
        .unwrap();
    assert!(text(&index_html(&run).unwrap()).contains("here the bad basin is the larger one"));
}

#[test]
fn one_comparison_leads_and_the_others_stand_beside_it() {
    let (_folder, run) = full();
    let html = index_html(&run).unwrap();
    let plain = text(&html);
    // The chance at equal σ is what the page leads with; a table has every size and what it is.
    assert!(html.contains("Basin, good over bad</dt><dd>49.5 decades"));
    let table = html.split_once("id=\"table-comparison\"").unwrap().1;
    let table = table.split_once("</table>").unwrap().0;
    let mut from = 0;
    for size in ["49.5 decades", "6.29 ×", "6.29 ×", "5,300 decades"] {
        let at = table[from..].find(size).expect(size);
        from += at + size.len();
    }
    assert!(plain.contains("two lower bounds set by single rays, so no interval"));
    // Without local volumes, the median radius leads.
    std::fs::remove_file(run.path("results/local-volumes.json")).unwrap();
    let html = index_html(&run).unwrap();
    assert!(html.contains("Radius, good over bad</dt><dd>6.29 ×"));
}

#[test]
fn slices_without_crossings_say_no_width() {
    let (_folder, run) = full();
    let mut lines = STOPS.map(demo::line).to_vec();
    for line in &mut lines {
        line.crossings.clear();
    }
    run.write_json("results/slices.json", &lines).unwrap();
    let plain = text(&index_html(&run).unwrap());
    assert!(plain.contains("losses at steps of 0.020 and no search for where the basin ends"));
    assert!(!plain.contains("at |c| ="));
}

#[test]
fn minima_that_start_high_are_compared_from_their_own_loss() {
    let (_folder, run) = full();
    let mut minima = STOPS.map(minimum).to_vec();
    minima[4].train_loss = 0.057;
    run.write_json("results/minima.json", &minima).unwrap();
    let mut local = local_volumes();
    for index in [0, 4] {
        let mut record = demo::local_volume(index);
        record.region = "excess".into();
        for ln_p in record
            .curve
            .iter_mut()
            .filter_map(|point| point.ln_p.as_mut())
        {
            *ln_p *= 0.5;
        }
        for ends in record
            .curve
            .iter_mut()
            .filter_map(|point| point.interval.as_mut())
        {
            *ends = ends.map(|end| 0.5 * end);
        }
        local.push(record);
    }
    run.write_json("results/local-volumes.json", &local)
        .unwrap();
    let plain = text(&index_html(&run).unwrap());
    for words in [
        "the loss is 4.2 × 10⁻⁴ at clean itself and 0.057 at redrawn-40k, of the 0.10 that end a basin",
        "good over bad is 24.8 decades", // half of 49.5
        "good over bad is 6.29 ×",
        // The lead stays the paper's cutoff.
        "49.5 orders of magnitude (48.2 to 50.8",
    ] {
        assert!(plain.contains(words), "{words}");
    }
}

#[test]
fn names_from_records_cannot_become_markup() {
    let (_folder, run) = full();
    let mut record = minimum(STOPS[4]);
    record.name = "\"><script>alert(1)</script>".into();
    record.test_accuracy = 0.05;
    run.write_json("results/minima.json", &[minimum(STOPS[0]), record])
        .unwrap();
    run.write("config.toml", b"# </code><script>").unwrap();
    let html = index_html(&run).unwrap();
    // The data, the kernel, d3 and our own.
    assert_eq!(html.matches("<script").count(), 4);
    assert!(!html.contains("<script>alert"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
    assert!(html.contains(r"\u003cscript>alert(1)"));
}

#[test]
fn nets_travel_with_the_page_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::create(folder.path()).unwrap();
    let points: Vec<f32> = (0..24).map(|i| (i * i % 7) as f32).collect();
    let labels: Vec<u32> = (0..12).map(|i| i % 2).collect();
    let points = Dataset::new(points, labels, 2, 2).unwrap();
    let split = Split {
        train: points.clone(),
        test: points.select(&[1, 2, 3]),
        pool: points.select(&[0]),
    };
    run.write_data(&split).unwrap();
    let net = Architecture::new(vec![2, 3, 1], Activation::Tanh).unwrap();
    let theta: Vec<f32> = (0..13).map(|i| 1.0 / (i as f32 - 6.5)).collect();
    let mut record = minimum(STOPS[0]);
    record.file = run.write_minimum("clean", &net, &theta, &[], &[]).unwrap();
    run.write_json("results/minima.json", &[record]).unwrap();
    let html = index_html(&run).unwrap();

    let data = html.split_once("type=\"application/json\">").unwrap().1;
    let data: serde_json::Value =
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let family = &data["families"]["run"];
    assert_eq!(family["net"]["widths"], serde_json::json!([2, 3, 1]));
    assert_eq!(family["net"]["activation"], "tanh");
    assert_eq!(family["train"]["labels"].as_array().unwrap().len(), 12);
    let bytes = STANDARD
        .decode(family["nets"][0]["theta"].as_str().unwrap())
        .unwrap();
    let read: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    assert_eq!(read, theta);
    for place in ["play-wiggle", "play-landscape"] {
        assert!(html.contains(place), "{place}");
    }
    assert!(!html.contains("id=\"play-minefield\""));
}

#[test]
fn a_page_with_nothing_to_play_with_has_no_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::create(folder.path()).unwrap();
    run.write_json("results/minima.json", &[minimum(STOPS[4])])
        .unwrap();
    assert!(!index_html(&run).unwrap().contains("<script"));
}

#[test]
fn nothing_is_loaded_from_outside() {
    let (_folder, run) = full();
    let html = index_html(&run).unwrap();
    // What scripts could load, the policy forbids; the browser's check counts requests.
    let markup = &html[..html.find("<script").unwrap()];
    for loader in ["src=\"", "srcset=\"", "url(", "@import"] {
        for (at, _) in markup.match_indices(loader) {
            let target = &markup[at + loader.len()..];
            assert!(target.starts_with("data:"), "{}", &target[..40]);
        }
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_run_without_minima_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::create(folder.path()).unwrap();
    run.write("results/minima.json", b"[]").unwrap();
    assert!(matches!(index_html(&run), Err(PageError::NoMinima { .. })));
    run.write("results/minima.json", b"{").unwrap();
    assert!(matches!(index_html(&run), Err(PageError::Record(_))));
}
