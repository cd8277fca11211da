//! Times of products with the curvature, in units of an evaluation at the same θ:
//!
//! `products NET PICTURES CHANNELS SIDE ROUNDS` prints a line a round: seconds of an evaluation, a
//! gradient, a product alone and one of many at one θ, with their ratios to the evaluation.

use basinscope::data::Dataset;
use basinscope::net::{Initialization, Net};
use basinscope::random::{fill_normal, stream};
use basinscope_images::graph::{Family, ImageNet};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, count, channels, side, rounds] = &args[..] else {
        return Err("NET PICTURES CHANNELS SIDE ROUNDS".into());
    };
    let (count, channels, side): (usize, usize, usize) =
        (count.parse()?, channels.parse()?, side.parse()?);
    let net = ImageNet {
        family: Family::from_name(name)?,
        input: [channels, side, side],
        classes: 10,
    }
    .build()?;
    let mut rng = stream(0, "products", 0);
    let mut inputs = vec![0.0; count * channels * side * side];
    fill_normal(&mut rng, &mut inputs);
    let theta = net.initialize(Initialization::HeNormal, &mut rng);
    let labels = (0..count).map(|index| (index % 10) as u32).collect();
    let pictures = Dataset::new(inputs, labels, channels * side * side, 10)?;
    let surface = net.surface(&net.initial_buffers(), &pictures)?;
    let (mut v, mut out) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
    fill_normal(&mut rng, &mut v);
    let hessian = surface.hessian_at(&theta);
    let gauss_newton = surface.gauss_newton_at(&theta);
    hessian.apply(&v, &mut out);
    gauss_newton.apply(&v, &mut out);
    let time = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        work();
        begun.elapsed().as_secs_f64()
    };
    for _ in 0..rounds.parse()? {
        let once = time(&mut || {
            surface.loss(&theta);
        });
        let gradient = time(&mut || {
            surface.loss_and_grad(&theta, &mut out);
        });
        let alone = time(&mut || surface.hvp(&theta, &v, &mut out));
        let shared = time(&mut || hessian.apply(&v, &mut out));
        let gn_alone = time(&mut || surface.gauss_newton_product(&theta, &v, &mut out));
        let gn = time(&mut || gauss_newton.apply(&v, &mut out));
        let of = |seconds: f64| seconds / once;
        println!(
            "evaluation {once:.4} s; gradient {:.2}, Hessian alone {:.2}, shared {:.2}, \
             Gauss–Newton alone {:.2}, shared {:.2}",
            of(gradient),
            of(alone),
            of(shared),
            of(gn_alone),
            of(gn)
        );
    }
    Ok(())
}
