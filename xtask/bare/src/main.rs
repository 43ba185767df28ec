//! Scans a table with the generated client and throws the items away: `bare-scan TABLE SEGMENTS`.
//! Prints how many there were and how long it took.

use std::time::Instant;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

type Failure = Box<dyn std::error::Error + Send + Sync>;

// As many threads as Keytrail has.
#[tokio::main(worker_threads = 4)]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let table = arguments.next().ok_or("which table?")?;
    let segments: i32 = arguments.next().ok_or("how many segments?")?.parse()?;
    let tls = Provider::Rustls(CryptoMode::Ring);
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(tls).build_https())
        .load()
        .await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let begun = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for segment in 0..segments {
        workers.spawn(scan(client.clone(), table.clone(), segment, segments));
    }
    let mut items = 0;
    while let Some(read) = workers.join_next().await {
        items += read??;
    }
    println!(
        "{{\"items\": {items}, \"seconds\": {}}}",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn scan(
    client: aws_sdk_dynamodb::Client,
    table: String,
    segment: i32,
    segments: i32,
) -> Result<usize, Failure> {
    let (mut items, mut last) = (0, None);
    loop {
        let page = client
            .scan()
            .table_name(&table)
            .segment(segment)
            .total_segments(segments)
            .set_exclusive_start_key(last)
            .send()
            .await?;
        items += page.items().len();
        last = page.last_evaluated_key;
        if last.is_none() {
            return Ok(items);
        }
    }
}
