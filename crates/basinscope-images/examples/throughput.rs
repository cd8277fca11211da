//! Pictures a second, evaluated and trained, for `benches/peers/images.sh`:
//!
//! `throughput NET PICTURES CHANNELS SIDE BATCH THREADS DEVICE ROUNDS [WEIGHTS PIXELS]` prints a
//! line of JSON a round. WEIGHTS is a PyTorch file and PIXELS raw f32 pictures, whose mean loss
//! (label = index mod 10) is printed to be compared; without them both are drawn.

use basinscope::data::Dataset;
use basinscope::net::{Initialization, LossKind, Net};
use basinscope::random::{fill_normal, stream};
use basinscope_images::graph::{Family, ImageNet};
use basinscope_images::{BuiltNet, import};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [
        name,
        count,
        channels,
        side,
        batch,
        threads,
        device,
        rounds,
        files @ ..,
    ] = &args[..]
    else {
        return Err(
            "NET PICTURES CHANNELS SIDE BATCH THREADS DEVICE ROUNDS [WEIGHTS PIXELS]".into(),
        );
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let (count, channels, side): (usize, usize, usize) =
        (count.parse()?, channels.parse()?, side.parse()?);
    let net = ImageNet {
        family: Family::from_name(name)?,
        input: [channels, side, side],
        classes: 10,
    };
    let net = on(device, net.build()?)?;
    let mut rng = stream(0, "throughput", 0);
    let mut inputs = vec![0.0; count * channels * side * side];
    let (theta, buffers) = match files {
        [weights, pixels, ..] => {
            let bytes = std::fs::read(pixels)?;
            for (value, bytes) in inputs.iter_mut().zip(bytes.chunks_exact(4)) {
                *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            let imported = import::weights(Path::new(weights), net.engine().graph())?;
            (imported.theta, imported.buffers)
        }
        _ => {
            fill_normal(&mut rng, &mut inputs);
            let theta = net.initialize(Initialization::HeNormal, &mut rng);
            (theta, net.initial_buffers())
        }
    };
    let labels = (0..count).map(|index| (index % 10) as u32).collect();
    let pictures = Dataset::new(inputs, labels, channels * side * side, 10)?;
    let surface = net.surface(&buffers, &pictures)?;
    let size: usize = batch.parse()?;
    let parts: Vec<Dataset> = (0..count / size)
        .map(|k| pictures.select(&(k * size..(k + 1) * size).collect::<Vec<_>>()))
        .collect();
    let (mut batch, mut grad) = (net.batch(), vec![0.0; theta.len()]);
    let mut running = buffers.clone();
    for _ in 0..rounds.parse()? {
        let begun = Instant::now();
        let loss = surface.loss(&theta);
        let evaluated = count as f64 / begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        for part in &parts {
            batch.refill(&[(part, LossKind::CrossEntropy, 1.0)]);
            batch.loss_and_grad(&theta, &mut running, &mut grad);
        }
        let trained = (parts.len() * size) as f64 / begun.elapsed().as_secs_f64();
        let macs = net.engine().graph().multiply_adds();
        println!(
            "{{\"evaluate\": {evaluated:.1}, \"train\": {trained:.1}, \"loss\": {loss:.7}, \"multiply_adds\": {macs}}}"
        );
    }
    Ok(())
}

fn on(device: &str, net: BuiltNet) -> Result<BuiltNet, Box<dyn Error>> {
    if device == "cpu" {
        return Ok(net);
    }
    #[cfg(feature = "burn")]
    return Ok(net.on(basinscope_images::burn::Device::from_name(device)?));
    #[cfg(not(feature = "burn"))]
    Err("devices other than cpu need --features burn".into())
}
