//! Speed of the detector on one file, read whole: `speed FILE [ROUNDS]`.

#![expect(
    clippy::print_stdout,
    reason = "a development tool; its output is data"
)]

use std::time::Instant;

use keytrail_detect::{Detector, ScanContext};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("speed FILE [ROUNDS]")?;
    let rounds: u32 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let bytes = std::fs::read(&path)?;
    let detector = Detector::new();
    let cx = ScanContext::for_path(&path);
    for _ in 0..rounds {
        let start = Instant::now();
        let hits: usize = bytes
            .chunks(1 << 20)
            .map(|chunk| detector.scan(chunk, &cx).len())
            .sum();
        let seconds = start.elapsed().as_secs_f64();
        let megabytes = f64::from(u32::try_from(bytes.len() >> 10)?) / 1000.0 * 1.024;
        println!(
            "{megabytes:.0} MB in {seconds:.2} s: {:.0} MB/s, {hits} hits",
            megabytes / seconds
        );
    }
    Ok(())
}
