//! Pictures a second of evaluation and of training: `throughput NET PICTURES SIDE CHANNELS BATCH`.

use basinscope::data::Dataset;
use basinscope::net::{Initialization, Kernel, LossKind, Net};
use basinscope::random::stream;
use basinscope_images::graph::{Family, ImageNet};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, count, side, channels, batch, threads, kernel] = &args[..] else {
        return Err("NET PICTURES SIDE CHANNELS BATCH THREADS KERNEL".into());
    };
    Kernel::from_name(kernel)?.force()?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.parse()?)
        .build_global()?;
    let (count, side, channels): (usize, usize, usize) =
        (count.parse()?, side.parse()?, channels.parse()?);
    let net = ImageNet {
        family: Family::from_name(name)?,
        input: [channels, side, side],
        classes: 10,
    }
    .build()?;
    let mut rng = stream(0, "pictures", 0);
    let mut inputs = vec![0.0; count * channels * side * side];
    basinscope::random::fill_normal(&mut rng, &mut inputs);
    let labels = (0..count).map(|i| (i % 10) as u32).collect();
    let pictures = Dataset::new(inputs, labels, channels * side * side, 10)?;
    let theta = net.initialize(Initialization::HeNormal, &mut rng);
    let mut buffers = net.initial_buffers();
    let surface = net.surface(&buffers, &pictures)?;
    let macs = net.engine().graph().multiply_adds();
    for _ in 0..3 {
        let start = Instant::now();
        let loss = surface.loss(&theta);
        let rate = count as f64 / start.elapsed().as_secs_f64();
        let gflops = 2e-9 * rate * macs as f64;
        println!("evaluate {rate:.0} pictures/s, {gflops:.0} GFLOP/s (loss {loss:.5})");
    }
    let size: usize = batch.parse()?;
    let mut training = net.batch();
    let mut grad = vec![0.0; theta.len()];
    for _ in 0..3 {
        let start = Instant::now();
        for from in (0..count / size).map(|k| k * size) {
            let part = pictures.select(&(from..from + size).collect::<Vec<_>>());
            training.refill(&[(&part, LossKind::CrossEntropy, 1.0)]);
            training.loss_and_grad(&theta, &mut buffers, &mut grad);
        }
        let rate = (count / size * size) as f64 / start.elapsed().as_secs_f64();
        println!(
            "train    {rate:.0} pictures/s, {:.0} GFLOP/s",
            6e-9 * rate * macs as f64
        );
    }
    Ok(())
}
