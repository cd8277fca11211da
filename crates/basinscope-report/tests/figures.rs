//! What every figure promises: well-formed text, true labels, no panic on odd records.

#[allow(dead_code)]
mod check;
#[allow(dead_code)]
mod sample;

use basinscope_report::figure::{self, Figure, FigureError, Theme};
use check::check;

const THEMES: [Theme; 2] = [Theme::Light, Theme::Dark];

#[test]
fn a_boundary_has_a_dot_or_cross_for_each_point_and_says_its_accuracies() {
    let mut record = sample::boundary("poison <&> 40", 0.755, 40, 0.0);
    record.correct[3] = false;
    record.correct[8] = false;
    record.train_accuracy = 0.99;
    for theme in THEMES {
        let figure = figure::boundary(&record, theme).unwrap();
        check(&figure);
        let svg = &figure.svg;
        let dots: usize = svg
            .split("<g class=\"dots\"")
            .skip(1)
            .map(|group| {
                group
                    .split("</g>")
                    .next()
                    .unwrap()
                    .matches("<circle")
                    .count()
            })
            .sum();
        assert_eq!(dots, 198);
        assert_eq!(svg.matches("class=\"cross\"").count(), 2);
        assert!(svg.contains("train 99 % · test 75.5 %"));
        assert!(svg.contains("poison &lt;&amp;&gt; 40"));
        assert!(svg.contains("x₁") && svg.contains("x₂"));
        assert_eq!(figure, figure::boundary(&record, theme).unwrap());
    }
}

#[test]
fn a_boundary_names_its_classes_and_features() {
    let mut record = sample::boundary("good", 0.9, 40, 0.0);
    record.names.classes = vec!["setosa".into(), "2".into()];
    record.names.features = vec!["petal length (cm)".into(), "<b>\u{1b}".into()];
    record.names.features[1] = basinscope::data::printable(&record.names.features[1]);
    let svg = figure::boundary(&record, Theme::Light).unwrap().svg;
    for part in ["petal length (cm)", "&lt;b&gt;\\u{1b}", "setosa", "class 2"] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(!svg.contains('\u{1b}') && !svg.contains("x₁"));
    let svg = figure::boundaries(&[record], Theme::Dark).unwrap().svg;
    assert!(svg.contains("setosa") && svg.contains("class 2"));
}

#[test]
fn a_full_gallery_is_titled_and_stays_small() {
    let figure = figure::boundaries(&sample::boundaries(12), Theme::Light).unwrap();
    check(&figure);
    assert!(figure.svg.contains("good · test 99.5 %"));
    assert_eq!(figure.svg.matches("<image").count(), 12);
    assert!(figure.svg.len() < 300_000, "{}", figure.svg.len());
}

#[test]
fn each_figure_names_its_minima_and_units() {
    let lines: Vec<_> = (0..8).map(|index| sample::line(index, 20)).collect();
    let surfaces = [sample::surface(0), sample::surface(7)];
    for theme in THEMES {
        for (figure, texts) in [
            (
                figure::lines(&lines, theme),
                vec!["train loss (nats)", "bad · test 11 %", "step c"],
            ),
            (
                figure::between(&sample::between(), theme),
                vec!["From good to bad", "accuracy"],
            ),
            (
                figure::surfaces(&surfaces, theme),
                vec!["train loss (nats)", "good · test 99.5 %"],
            ),
            (
                figure::surface(&surfaces[1], theme),
                vec!["bad · test 11 %", "class=\"cutoff\""],
            ),
            (
                figure::dial(&sample::minima(), theme),
                vec!["no poison", "β = 0.3", "redrawn", "11 %"],
            ),
            (
                figure::training(&sample::minima(), theme),
                vec!["optimizer step", "10³"],
            ),
            (
                figure::radii(&sample::volumes(), theme),
                vec!["median", "beyond cap", "1000 random"],
            ),
            (
                figure::volume_gap(&sample::volumes(), theme),
                vec![
                    "luckiest of 1000 rays",
                    "effective sample size 1–1.02",
                    "log₁₀ volume",
                ],
            ),
            (
                figure::boundary(&sample::many_classes(), theme),
                vec!["class=\"boundary\""],
            ),
        ] {
            let figure = figure.unwrap();
            check(&figure);
            for text in texts {
                assert!(figure.svg.contains(text), "{text}");
            }
        }
    }
}

#[test]
fn no_records_is_an_error() {
    let none = |result: Result<Figure, FigureError>| {
        assert!(matches!(result, Err(FigureError::NoRecords { .. })));
    };
    none(figure::boundaries(&[], Theme::Light));
    none(figure::lines(&[], Theme::Light));
    none(figure::surfaces(&[], Theme::Light));
    none(figure::dial(&[], Theme::Light));
    none(figure::training(&[], Theme::Light));
    none(figure::radii(&[], Theme::Light));
    none(figure::volume_gap(&[], Theme::Light));
    none(figure::local_volumes(&[], Theme::Light));
    none(figure::constrained_dimensions(&[], Theme::Light));
    none(figure::sample_accuracy(&[], Theme::Light));
    let (local, volumes) = (sample::local_volumes(), sample::volumes());
    none(figure::honest_scatter(
        &local[..2],
        &volumes[2..],
        Theme::Light,
    ));
    none(figure::honest_scatter(&[], &volumes, Theme::Light));
    assert!(figure::animation(&[], |_| {}).is_err());
}

#[test]
fn arrays_that_do_not_fit_are_refused_by_name() {
    let mut record = sample::boundary("m", 0.5, 20, 0.0);
    record.probability.pop();
    let error = figure::boundary(&record, Theme::Light)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "m: probability: expected 400 values, found 399");
}

#[test]
fn odd_records_are_drawn_without_panic() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1.0, -3.0] {
        let mut line = sample::line(0, 2);
        line.train_loss[0].fill(odd);
        line.train_accuracy[1].fill(odd);
        check(&figure::lines(&[line.clone()], Theme::Dark).unwrap());
        check(&figure::between(&line, Theme::Dark).unwrap());
        line.c.clear();
        line.train_loss = vec![vec![]];
        line.train_accuracy.clear();
        line.test_accuracy_along.clear();
        check(&figure::lines(&[line.clone()], Theme::Light).unwrap());
        check(&figure::between(&line, Theme::Light).unwrap());

        let mut surface = sample::surface(0);
        surface.train_loss[7] = odd;
        check(&figure::surface(&surface, Theme::Light).unwrap());
        surface.train_loss.fill(odd);
        check(&figure::surface(&surface, Theme::Light).unwrap());

        let mut minimum = sample::minima().remove(3);
        minimum.test_accuracy = odd;
        minimum.history[5].train_accuracy = odd;
        check(&figure::training(&[minimum.clone()], Theme::Light).unwrap());
        minimum.history.clear();
        check(&figure::training(&[minimum.clone()], Theme::Light).unwrap());
        check(&figure::dial(&[minimum], Theme::Light).unwrap());

        let mut volume = sample::volumes().remove(0);
        volume.log10_volume = odd;
        volume.generalization_gap = odd;
        volume.radii.fill(odd);
        volume.radius_median = odd;
        volume.radius_median_ci = [odd; 2];
        check(&figure::volume_gap(&[volume.clone()], Theme::Light).unwrap());
        check(&figure::radii(&[volume.clone()], Theme::Light).unwrap());
        volume.radii.clear();
        check(&figure::radii(&[volume], Theme::Light).unwrap());

        let mut local = sample::local_volumes().remove(7);
        local.rms = odd;
        local.generalization_gap = odd;
        for point in &mut local.curve[2..5] {
            point.sigma = odd;
            point.ln_p = Some(odd);
            point.interval = Some([odd; 2]);
            point.constrained_dimensions = Some(odd);
            point.star_share = Some(odd);
            point.sample_test_accuracy = Some(odd);
            point.sample_test_accuracy_range = Some([odd; 2]);
        }
        let mut reference = local.clone();
        reference.method = "lta".into();
        for records in [vec![local.clone()], vec![local.clone(), reference]] {
            check(&figure::local_volumes(&records, Theme::Light).unwrap());
            check(&figure::constrained_dimensions(&records, Theme::Dark).unwrap());
            check(&figure::honest_scatter(&records, &sample::volumes(), Theme::Light).unwrap());
            check(&figure::sample_accuracy(&records, Theme::Light).unwrap());
        }
        local.curve.clear();
        check(&figure::local_volumes(&[local.clone()], Theme::Light).unwrap());
        check(&figure::constrained_dimensions(&[local], Theme::Light).unwrap());

        let mut plane = sample::boundary("m", odd, 8, 0.0);
        plane.probability.fill(odd as f32);
        plane.points[0] = [odd as f32; 2];
        check(&figure::boundary(&plane, Theme::Light).unwrap());
        plane.points.clear();
        plane.labels.clear();
        plane.correct.clear();
        plane.x.count = 0;
        plane.probability.clear();
        plane.class.clear();
        check(&figure::boundary(&plane, Theme::Light).unwrap());
    }
}

#[test]
fn the_animation_plays_its_order_and_repeats_byte_for_byte() {
    let paths = [
        sample::path("good", 0.995, 4, 24),
        sample::path("bad", 0.11, 4, 24),
    ];
    let mut heard = Vec::new();
    let bytes = figure::animation(&paths, |frame| heard.push(frame)).unwrap();
    let steps = paths[0].order.len();
    assert_eq!(heard, (1..=steps).collect::<Vec<_>>());
    assert_eq!(bytes, figure::animation(&paths, |_| {}).unwrap());

    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut decoder = options.read_info(&bytes[..]).unwrap();
    assert_eq!((decoder.width(), decoder.height()), (1008, 356));
    assert_eq!(decoder.repeat(), gif::Repeat::Infinite);
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.delay, 10);
        frames += 1;
    }
    assert_eq!(frames, steps);

    assert!(
        figure::animation_still(&paths[..1], 0)
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    assert!(matches!(
        figure::animation_still(&paths, steps),
        Err(FigureError::Frame { .. })
    ));
    let mut broken = paths[0].clone();
    broken.order.push(99);
    assert!(figure::animation(&[broken], |_| {}).is_err());
}

#[test]
fn a_search_shows_each_origin_at_each_number_of_points() {
    for theme in THEMES {
        let figure = figure::search(&sample::search(3, false), theme).unwrap();
        check(&figure);
        let svg = &figure.svg;
        for text in [
            "random guesses",
            "poisoned descent",
            "3 training sets",
            "coin flips",
            ">24<",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        // Three origins, five numbers of points each.
        let dots = |class: &str| -> usize {
            let opening = format!("<g class=\"{class}\"");
            let groups = svg.split(&opening).skip(1);
            let inside = groups.map(|group| group.split("</g>").next().unwrap());
            inside.map(|group| group.matches("<circle").count()).sum()
        };
        assert_eq!((dots("mean"), dots("share")), (15, 15));
    }
    // What was never found is left out rather than drawn at zero.
    let scarce = figure::search(&sample::search(1, true), Theme::Light).unwrap();
    check(&scarce);
    let none = figure::search(&sample::search(0, false), Theme::Light);
    assert!(matches!(none, Err(FigureError::NoRecords { .. })));
}

#[test]
fn a_ratio_of_volumes_below_the_axis_is_told_from_one_on_it() {
    let record = sample::dimension();
    for theme in THEMES {
        let figure = figure::dimension(&record, theme).unwrap();
        check(&figure);
        let svg = &figure.svg;
        for text in [
            "number of parameters n",
            "ρ = 1.5",
            "ρ = 9",
            "ratio of median radii",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg.matches("class=\"below\"").count(), 1);
        assert_eq!(svg.matches("class=\"paper\"").count(), 27);
    }
    let mut empty = record;
    empty.nets.iter_mut().for_each(|net| net.pairs.clear());
    let none = figure::dimension(&empty, Theme::Light);
    assert!(matches!(none, Err(FigureError::NoRecords { .. })));
}

#[test]
fn a_minefield_has_a_mark_for_every_net_and_one_star() {
    let record = sample::minefield(40);
    for theme in THEMES {
        let figure = figure::minefield(&record, theme).unwrap();
        check(&figure);
        for text in ["t-SNE", "perplexity 30", "last iterate", "epoch", "redrawn"] {
            assert!(figure.svg.contains(text), "{text}");
        }
        // Forty iterates and forty bad minima, the last iterate as the star; each kind once more
        // in the legend.
        let marks = |class: &str| figure.svg.matches(&format!("class=\"{class}\"")).count();
        assert_eq!((marks("iterate"), marks("bad"), marks("last")), (40, 42, 2));
        let others = figure::minefield_embeddings(&record, theme).unwrap();
        check(&others);
        assert!(others.svg.contains("PCA") && others.svg.contains("perplexity 5"));
        let distances = figure::minefield_distances(&record, theme).unwrap();
        check(&distances);
        assert!(distances.svg.contains("bad, redrawn poison"));
    }
}

#[test]
fn the_figures_of_sharpness_margins_and_optimizers_say_what_they_show() {
    let perturbations = [sample::perturbation(0, 20), sample::perturbation(7, 20)];
    let ends = sample::volumes();
    let ends = [ends[0].clone(), ends[7].clone()];
    for theme in THEMES {
        for (figure, texts) in [
            (
                figure::bands(&perturbations, theme),
                vec![
                    "train loss (nats)",
                    "good · test 99.5 %",
                    "over 20 filter-normalized",
                ],
            ),
            (
                figure::histograms(&ends, &sample::flips(), theme),
                vec!["1 %", "10 %", "radius", "bad · test 11 %"],
            ),
            (
                figure::margins(&sample::margins(), theme),
                vec!["Kendall's τ: good 0.70", "bad · test 53 %"],
            ),
            (
                figure::optimizers(&sample::optimizers(), theme),
                vec!["Optimizer 11", "Linear", "test accuracy"],
            ),
        ] {
            let figure = figure.unwrap();
            check(&figure);
            for text in texts {
                assert!(figure.svg.contains(text), "{text}");
            }
        }
    }
}

#[test]
fn odd_records_of_experiments_are_drawn_without_panic() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -3.0] {
        let mut line = sample::perturbation(0, 3);
        line.train_loss[0].fill(odd);
        line.train_accuracy[1].fill(odd);
        check(&figure::bands(&[line], Theme::Light).unwrap());

        let mut flips = sample::flips();
        flips[0].distances[0].fill(odd);
        flips[1].medians[1] = odd;
        let volumes = sample::volumes();
        check(&figure::histograms(&volumes[..2], &flips, Theme::Light).unwrap());

        let mut field = sample::minefield(5);
        field.embeddings[1].points[2] = [odd; 2];
        field.iterates[0].nearest_fixed.as_mut().unwrap().relative = odd;
        field.bad[0].test_accuracy = odd;
        check(&figure::minefield(&field, Theme::Light).unwrap());
        field.iterates[1].nearest_redrawn = None;
        check(&figure::minefield_embeddings(&field, Theme::Light).unwrap());
        check(&figure::minefield_distances(&field, Theme::Light).unwrap());

        let mut margins = sample::margins();
        margins[0].input.fill(odd);
        margins[1].kept[3] = [odd; 3];
        check(&figure::margins(&margins, Theme::Light).unwrap());

        let mut rows = sample::optimizers();
        rows[2].test_accuracy.fill(odd);
        rows[2].mean = odd;
        rows[2].interval = [odd; 2];
        check(&figure::optimizers(&rows, Theme::Light).unwrap());
    }
    let none = |result: Result<Figure, FigureError>| {
        assert!(matches!(result, Err(FigureError::NoRecords { .. })));
    };
    none(figure::bands(&[], Theme::Light));
    none(figure::histograms(&[], &[], Theme::Light));
    none(figure::margins(&[], Theme::Light));
    none(figure::optimizers(&[], Theme::Light));
}

#[test]
fn a_spectrum_shows_both_signs_every_minimum_and_its_trace() {
    for (layers, text) in [(true, "trace of each layer"), (false, "test accuracy")] {
        let mut records = sample::spectra(layers);
        for theme in THEMES {
            let drawn = figure::spectrum(&records, theme).unwrap();
            check(&drawn);
            let texts = [
                "Spectrum of the Hessian",
                "eigenvalues a decade",
                "how many lie beyond λ",
                "λ below 0",
                "bad · test 11 %",
                text,
            ];
            for text in texts {
                assert!(drawn.svg.contains(text), "{text}");
            }
        }
        records[0].matrix = "gauss-newton".into();
        let drawn = figure::spectrum(&records[..1], Theme::Light).unwrap();
        assert!(drawn.svg.contains("Gauss–Newton"));
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -3.0] {
            let mut records = sample::spectra(layers);
            records[0].whole.top.fill(odd);
            records[0].whole.per_decade.fill(odd);
            records[0].whole.count_above_low.fill(odd);
            records[0].whole.floor = odd;
            records[1].whole.trace = odd;
            records[1].whole.trace_interval = [odd; 2];
            records[1].test_accuracy = odd;
            check(&figure::spectrum(&records, Theme::Light).unwrap());
        }
        records[2].whole.count_above.pop();
        let error = figure::spectrum(&records, Theme::Light).unwrap_err();
        assert!(error.to_string().contains("count_above: expected 161"));
    }
    assert!(figure::spectrum(&[], Theme::Light).is_err());
}

#[test]
fn a_comparison_names_its_measures_and_tells_agreement_from_chance() {
    let mut record = sample::comparison();
    for theme in THEMES {
        let figure = figure::compare(&record, theme).unwrap();
        check(&figure);
        let texts = [
            "ln P_σ, σ = 0.01",
            "over 54 minima",
            "× 61",
            "− 16",
            "same",
            "flat generalizes",
            "minima of one size alone",
        ];
        for text in texts {
            assert!(figure.svg.contains(text), "{text}");
        }
        // Most agreement first: ln P before the radius before the eigenvalue, path norm last.
        let at = |text: &str| figure.svg.find(text).unwrap_or_else(|| panic!("{text}"));
        let order = ["ln P_σ", ">median radius", "top Hessian", "path norm"].map(at);
        assert!(order.is_sorted(), "{order:?}");
        let scatter = figure::compare_scatter(&record, theme).unwrap();
        check(&scatter);
        // A dot for each value that was not refused.
        let refused = (record.minima.iter())
            .filter(|minimum| minimum.values["learning_coefficient"].value.is_none())
            .count();
        let dots: usize = (scatter.svg.split("class=\"minimum\"").skip(1)).count();
        assert_eq!(dots, 7 * 54 - refused);
        assert!(scatter.svg.contains("3614 parameters"));
    }
    // Nothing correlated, nothing measured: told or drawn, never a panic.
    let minimum = &mut record.minima[0];
    minimum.generalization_gap = f64::NAN;
    minimum.values.clear();
    record.rescaled.clear();
    check(&figure::compare(&record, Theme::Light).unwrap());
    check(&figure::compare_scatter(&record, Theme::Light).unwrap());
    record.correlations.clear();
    record.minima.clear();
    let none = |result: Result<Figure, FigureError>| {
        assert!(matches!(result, Err(FigureError::NoRecords { .. })));
    };
    none(figure::compare(&record, Theme::Light));
    none(figure::compare_scatter(&record, Theme::Light));
}

#[test]
fn a_contact_sheet_shows_every_picture_with_its_caption() {
    for theme in THEMES {
        let labels = figure::contact_sheet(&sample::contact_sheet(false), theme).unwrap();
        check(&labels);
        assert_eq!(labels.svg.matches("<image").count(), 13);
        for text in [
            "Rings &lt;&amp;&gt; discs",
            "13 of 200 pictures",
            ">ring 12<",
        ] {
            assert!(labels.svg.contains(text), "{text}");
        }
        assert!(!labels.svg.contains(">wrong<"), "labels are not judged");
        let judged = figure::contact_sheet(&sample::contact_sheet(true), theme).unwrap();
        check(&judged);
        for text in [">9 → 3<", ">right<", ">wrong<"] {
            assert!(judged.svg.contains(text), "{text}");
        }
    }
}

#[test]
fn contact_sheets_that_do_not_fit_are_refused() {
    let draw = |sheet: &figure::ContactSheet| figure::contact_sheet(sheet, Theme::Light);
    let mut sheet = sample::contact_sheet(false);
    sheet.pictures[4].pixels.pop();
    let error = draw(&sheet).unwrap_err().to_string();
    assert_eq!(error, "ring 4: pixels: expected 2352 values, found 2351");
    sheet.pictures.clear();
    assert!(matches!(draw(&sheet), Err(FigureError::NoRecords { .. })));
    // No column and one picture are as good as one column.
    let mut sheet = sample::contact_sheet(true);
    sheet.pictures.truncate(1);
    sheet.columns = 0;
    check(&draw(&sheet).unwrap());
    sheet.shape = [0, 28, 28];
    sheet.pictures[0].pixels.clear();
    assert!(draw(&sheet).is_err());
}
