//! Speed of [`Detector::scan`] over a made-up tree: program text, configuration, data, keys.

#![expect(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]

use std::time::Instant;

use keytrail_detect::{Detector, ScanContext, expand};

const PYTHON: &str = "class Handler(Base):\n    \"\"\"Keeps what the caller sent.\"\"\"\n\n    def get_secret_value(self, name, default=None):\n        key = self.cache_key(name)\n        if key in self.store:\n            return self.store[key]\n        raise KeyError(f\"no secret named {name} in {self.store!r}\")\n\n";
const YAML: &str = "services:\n  web:\n    image: registry.example.com/app:1.24.3\n    environment:\n      DATABASE_URL: ${DATABASE_URL}\n      LOG_LEVEL: info\n";

fn main() {
    let filler = PYTHON.repeat(4000);
    let samples = [
        ("program text", "app/a.py", filler.clone()),
        ("configuration", "deploy/a.yml", YAML.repeat(8000)),
        (
            "one line of base64",
            "data/a.json",
            expand("{base64:8000000}"),
        ),
        (
            "keys",
            "app/keys.py",
            expand(&format!("{PYTHON}API_KEY = '{{alnum:32}}'\n")).repeat(2000),
        ),
    ];
    let detector = Detector::new();
    for (title, path, text) in samples {
        let cx = ScanContext::for_path(path);
        let mut best = f64::INFINITY;
        let mut hits = 0;
        for _ in 0..5 {
            let start = Instant::now();
            hits = detector.scan(text.as_bytes(), &cx).len();
            best = best.min(start.elapsed().as_secs_f64());
        }
        let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
        println!("{title:20} {:8.0} MB/s  {hits} hits", length / best / 1e6);
    }
}
