//! From options to facts and coverage.

use keytrail_detect::Detector;
use keytrail_model::{
    Confidence, Coverage, CoverageStatus, Fact, Fingerprinter, Problem, Progress, SurfaceCheck,
    SurfaceKind,
};

use crate::client::{Answer, Ask, Client, Outcome, Who};
use crate::colour::{self, Coloured};
use crate::discover::{self, Baseline, Survey};
use crate::error::{CERTIFICATE, HttpError};
use crate::fill::Produced;
use crate::operation::Operations;
use crate::options::HttpOptions;
use crate::scan::{Reached, Scan, Sight};
use crate::{checks, told};

/// What a service shows.
#[derive(Debug)]
pub struct HttpCollected {
    /// Answers and what checks saw.
    pub facts: Vec<Fact>,
    /// One record for `http`, then one for each check.
    pub coverage: Vec<Coverage>,
    /// In a dry run: each request that would be sent, in order.
    pub planned: Vec<String>,
    /// Where the marked values came out.
    pub coloured: Vec<Coloured>,
}

/// Asks a service.
pub fn collect(
    mut options: HttpOptions,
    detector: &Detector,
    prints: &Fingerprinter,
    progress: &Progress,
) -> Result<HttpCollected, HttpError> {
    let mut client = Client::new(&mut options, detector)?;
    progress.expect(3);
    let base = client.target.base.clone();
    let first = Ask::get(&base, Who::Anonymous);
    let outcome = client.one(first.clone());
    if let Outcome::Failed(why) = *outcome {
        if why == CERTIFICATE {
            return Ok(untrusted(client, prints, &first));
        }
        return Err(HttpError::Unreachable {
            host: client.target.shown().to_owned(),
            why,
        });
    }
    let unsigned = client.sign_in_all();
    let survey = discover::survey(&mut client, &options)?;
    progress.advance(1);
    let mut scan = Scan::new(client, survey, prints);
    scan.produced = Produced::with_marks(std::mem::take(&mut options.marks));
    for name in unsigned {
        let told = format!("the sign-in of `{name}` failed; check its recipe in keytrail.toml");
        scan.reached(SurfaceCheck::Authentication)
            .missing
            .push(told);
    }
    scan.read_all();
    progress.advance(1);
    checks::run(&mut scan, &options);
    progress.advance(1);
    let coloured = colour::seen(&mut scan, &options.colours);
    Ok(HttpCollected {
        coloured,
        ..finish(scan)
    })
}

impl<'s> Scan<'s> {
    fn new(client: Client, survey: Survey, prints: &'s Fingerprinter) -> Self {
        Self {
            client,
            survey,
            prints,
            produced: Produced::default(),
            reads: Vec::new(),
            seen: Vec::new(),
            answers: Vec::new(),
            reached: std::collections::BTreeMap::new(),
        }
    }
}

/// A certificate that is not trusted ends the run: no credential goes to whoever answers there.
fn untrusted(client: Client, prints: &Fingerprinter, ask: &Ask) -> HttpCollected {
    let survey = Survey {
        spec: None,
        operations: Operations::default(),
        baseline: Baseline::default(),
        bundles: Vec::new(),
        root: None,
        introspection: None,
    };
    let mut scan = Scan::new(client, survey, prints);
    let answer = Answer::default();
    let sight = Sight::new(SurfaceCheck::Encryption, SurfaceKind::BadCertificate, "/", ask, &answer)
        .subject("certificate")
        .seen("The certificate is not trusted: it is over, for another name, or signed by nobody who is known here.")
        .compared("TLS was refused with the authorities of this machine and those given with --ca.");
    scan.see(Sight {
        confidence: Confidence::Observed,
        ..sight
    });
    for check in SurfaceCheck::ALL {
        let reached: &mut Reached = scan.reached(check);
        if check == SurfaceCheck::Encryption {
            reached.looked = 1;
        }
        reached.missing.push("nothing was sent to a host whose certificate is not trusted; name its authority with --ca FILE".to_owned());
    }
    finish(scan)
}

fn finish(mut scan: Scan<'_>) -> HttpCollected {
    let mut facts: Vec<Fact> = scan.answers.drain(..).map(Fact::Answer).collect();
    facts.extend(scan.seen.drain(..).map(Fact::Surface));
    facts.sort();
    facts.dedup();
    let mut coverage = vec![told::service(&scan)];
    coverage.extend(
        SurfaceCheck::ALL
            .into_iter()
            .map(|check| told::check(&mut scan, check)),
    );
    HttpCollected {
        facts,
        coverage,
        planned: std::mem::take(&mut scan.client.planned),
        coloured: Vec::new(),
    }
}

/// For records that name no file.
pub(crate) fn problem(path: &str, message: String) -> Problem {
    Problem {
        path: path.into(),
        line: None,
        message,
    }
}

pub(crate) fn status(partial: bool) -> CoverageStatus {
    if partial {
        CoverageStatus::Partial
    } else {
        CoverageStatus::Evaluated
    }
}
