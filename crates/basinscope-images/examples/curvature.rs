//! Eigenvalues, trace and times of a net's Hessian, for `benches/peers/curvature.sh`:
//!
//! `curvature NET CHANNELS SIDE CLASSES WEIGHTS PIXELS LABELS TOP` prints one line of JSON. WEIGHTS
//! is a file of weights, PIXELS raw f32 pictures, LABELS a byte for each. Times of products are in
//! units of an evaluation at the same θ, medians of three.

use basinscope::curvature::{
    HessianAt, LanczosSettings, SymmetricOperator, TraceSettings, extreme_eigenpairs, hutchpp,
    residuals,
};
use basinscope::data::Dataset;
use basinscope::net::Net;
use basinscope::random::{fill_normal, stream};
use basinscope_images::graph::{Family, ImageNet};
use basinscope_images::import;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, channels, side, classes, weights, pixels, labels, top] = &args[..] else {
        return Err("NET CHANNELS SIDE CLASSES WEIGHTS PIXELS LABELS TOP".into());
    };
    let (channels, side): (usize, usize) = (channels.parse()?, side.parse()?);
    let net = ImageNet {
        family: Family::from_name(name)?,
        input: [channels, side, side],
        classes: classes.parse()?,
    }
    .build()?;
    let inputs: Vec<f32> = (std::fs::read(pixels)?.chunks_exact(4))
        .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        .collect();
    let labels = std::fs::read(labels)?.into_iter().map(u32::from).collect();
    let pictures = Dataset::new(inputs, labels, channels * side * side, classes.parse()?)?;
    let found = import::weights(Path::new(weights), net.engine().graph())?;
    let surface = net.surface(&found.buffers, &pictures)?;
    let theta = &found.theta;

    let begun = Instant::now();
    let hessian = HessianAt::new(&surface, theta)?;
    let settings = LanczosSettings {
        count: top.parse()?,
        products: 300,
        tolerance: 1e-4,
        ..LanczosSettings::default()
    };
    let ends = extreme_eigenpairs(&hessian, settings, &())?;
    let top_seconds = begun.elapsed().as_secs_f64();
    let off = residuals(&hessian, &ends.top, &())?;
    let begun = Instant::now();
    let trace = hutchpp(&hessian, TraceSettings::default(), &())?;
    let trace_seconds = begun.elapsed().as_secs_f64();

    let (mut v, mut out) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
    fill_normal(&mut stream(0, "curvature", 0), &mut v);
    let mut times: [Vec<f64>; 4] = Default::default();
    for _round in 0..3 {
        let mut time = |which: usize, work: &mut dyn FnMut()| {
            let begun = Instant::now();
            work();
            times[which].push(begun.elapsed().as_secs_f64());
        };
        time(0, &mut || {
            surface.loss(theta);
        });
        time(1, &mut || {
            surface.loss_and_grad(theta, &mut out);
        });
        time(2, &mut || surface.hvp(theta, &v, &mut out));
        time(3, &mut || hessian.apply(&v, &mut out));
    }
    let [evaluation, gradient, alone, shared] = times.map(|mut of| {
        of.sort_by(f64::total_cmp);
        of[1]
    });
    let line = serde_json::json!({
        "loss": surface.loss(theta),
        "parameters": theta.len(),
        "top": ends.top.iter().map(|pair| pair.value).collect::<Vec<_>>(),
        "residuals": off,
        "products": ends.products,
        "top_seconds": top_seconds,
        "trace": trace.value,
        "trace_standard_error": trace.standard_error,
        "trace_seconds": trace_seconds,
        "evaluation_seconds": evaluation,
        "gradient": gradient / evaluation,
        "product_alone": alone / evaluation,
        "product_shared": shared / evaluation,
    });
    println!("{line}");
    Ok(())
}
