//! Services beside DynamoDB: what they are given, by operation and parameter, and what they give.

use keytrail_model::Transform;

use super::Machine;
use super::arguments::Arguments;
use super::record::SinkKind;
use super::taint::{Label, What, hop};
use super::value::Value;
use crate::program::Site;
use crate::symbols::Sym;

/// A call that data leaves with: service (empty: whichever has the operation), operation,
/// parameters that carry it, who gets it. What is not listed (`Bucket`, `Key`, `TopicArn`) carries
/// names.
const TAKERS: &[(&str, &str, &[&str], &str)] = &[
    ("s3", "put_object", &["Body", "Metadata", "Tagging"], "S3"),
    ("s3", "put", &["Body", "Metadata", "Tagging"], "S3"),
    ("s3", "upload_fileobj", &["Fileobj"], "S3"),
    ("s3", "upload_part", &["Body"], "S3"),
    (
        "sns",
        "publish",
        &["Message", "MessageAttributes", "Subject"],
        "SNS",
    ),
    (
        "sns",
        "publish_batch",
        &["PublishBatchRequestEntries"],
        "SNS",
    ),
    (
        "sqs",
        "send_message",
        &["MessageBody", "MessageAttributes"],
        "SQS",
    ),
    ("sqs", "send_message_batch", &["Entries"], "SQS"),
    ("sqs", "send_messages", &["Entries"], "SQS"),
    ("ses", "send_email", &["Message", "Content"], "SES"),
    ("ses", "send_raw_email", &["RawMessage"], "SES"),
    ("ses", "send_templated_email", &["TemplateData"], "SES"),
    ("sesv2", "send_email", &["Content"], "SES"),
    (
        "sesv2",
        "send_bulk_email",
        &["DefaultContent", "BulkEmailEntries"],
        "SES",
    ),
    ("kinesis", "put_record", &["Data"], "Kinesis"),
    ("kinesis", "put_records", &["Records"], "Kinesis"),
    ("firehose", "put_record", &["Record"], "Firehose"),
    ("firehose", "put_record_batch", &["Records"], "Firehose"),
    ("events", "put_events", &["Entries"], "EventBridge"),
    ("lambda", "invoke", &["Payload", "ClientContext"], "Lambda"),
    (
        "stepfunctions",
        "start_execution",
        &["input"],
        "Step Functions",
    ),
    (
        "stepfunctions",
        "send_task_success",
        &["output"],
        "Step Functions",
    ),
    ("bedrock-runtime", "invoke_model", &["body"], "Bedrock"),
    (
        "bedrock-runtime",
        "converse",
        &["messages", "system"],
        "Bedrock",
    ),
    (
        "bedrock-agent-runtime",
        "invoke_agent",
        &["inputText"],
        "Bedrock",
    ),
    ("logs", "put_log_events", &["logEvents"], "CloudWatch Logs"),
    (
        "cloudwatch",
        "put_metric_data",
        &["MetricData"],
        "CloudWatch",
    ),
    ("iot-data", "publish", &["payload"], "IoT"),
    (
        "apigatewaymanagementapi",
        "post_to_connection",
        &["Data"],
        "a websocket's client",
    ),
];

/// Operations whose first argument may come by position: it is what is sent.
const BY_POSITION: &[(&str, &str, &str)] = &[("s3", "upload_fileobj", "S3")];

impl Machine<'_> {
    /// Vaults give keys, KMS takes them away, the rest passes them on.
    pub(super) fn other_service(
        &mut self,
        site: Site,
        service: Sym,
        name: Sym,
        arguments: &Arguments,
    ) -> Value {
        let (service, operation) = (self.text(service), self.text(name));
        match (service, operation) {
            ("secretsmanager", _) => self.secrets_manager(site, operation),
            ("ssm", _) => self.parameter_store(site, operation, arguments),
            ("kms", _) => self.key_management(site, operation, arguments),
            ("sts", _) => self.token_service(site, operation),
            _ => {
                self.sent(site, service, operation, arguments);
                Value::default()
            }
        }
    }

    fn sent(&mut self, site: Site, service: &str, operation: &str, arguments: &Arguments) {
        for (owner, taker, parameters, who) in TAKERS {
            if (*owner, *taker) != (service, operation) {
                continue;
            }
            for parameter in *parameters {
                let symbol = self.shared.program.symbols.find(parameter);
                if let Some(value) = symbol.and_then(|name| arguments.named(name)) {
                    self.sink(&SinkKind::ThirdParty(who), site, &value);
                }
            }
        }
        for (owner, taker, who) in BY_POSITION {
            if (*owner, *taker) == (service, operation) {
                self.sink(&SinkKind::ThirdParty(who), site, &arguments.first());
            }
        }
    }

    fn secret_of(site: Site) -> Value {
        Value::tainted(Label::Vault(site), hop(site, What::Source, &None))
    }

    /// A value at the end of parts that are known by name; nothing where the tree never names one.
    fn within(&self, path: &[&str], value: Value) -> Value {
        path.iter().rev().fold(value, |inner, part| {
            match self.shared.program.symbols.find(part) {
                Some(part) => Value::with_fields(vec![(part, inner)]),
                None => Value::default(),
            }
        })
    }

    fn secrets_manager(&self, site: Site, operation: &str) -> Value {
        match operation {
            "get_secret_value" => {
                let mut answer = self.within(&["SecretString"], Self::secret_of(site));
                answer.join(&self.within(&["SecretBinary"], Self::secret_of(site)));
                answer
            }
            "batch_get_secret_value" => {
                self.within(&["SecretValues", "SecretString"], Self::secret_of(site))
            }
            "get_random_password" => {
                let made = Value::tainted(Label::Generated(site), hop(site, What::Source, &None));
                self.within(&["RandomPassword"], made)
            }
            // what is put into a vault is where it belongs
            _ => Value::default(),
        }
    }

    fn parameter_store(&mut self, site: Site, operation: &str, arguments: &Arguments) -> Value {
        match operation {
            "get_parameter" => self.within(&["Parameter", "Value"], Self::secret_of(site)),
            "get_parameters" | "get_parameters_by_path" => {
                self.within(&["Parameters", "Value"], Self::secret_of(site))
            }
            "put_parameter" => {
                let named = |name: &str| {
                    let symbol = self.shared.program.symbols.find(name);
                    symbol.and_then(|name| arguments.named(name))
                };
                let kind = named("Type").and_then(|kind| kind.constant());
                let plain = kind.is_some_and(|kind| self.text(kind) != "SecureString");
                if plain && let Some(value) = named("Value") {
                    let who = "Parameter Store, not as a SecureString";
                    self.sink(&SinkKind::ThirdParty(who), site, &value);
                }
                Value::default()
            }
            _ => Value::default(),
        }
    }

    fn key_management(&self, site: Site, operation: &str, arguments: &Arguments) -> Value {
        match operation {
            "decrypt" => self.within(&["Plaintext"], Self::secret_of(site)),
            "encrypt" | "re_encrypt" => {
                let encrypted = arguments.all().transformed(Transform::Encrypted);
                self.within(&["CiphertextBlob"], encrypted)
            }
            // the wrapped half opens nothing
            "generate_data_key" | "generate_data_key_pair" => {
                self.within(&["Plaintext"], Self::secret_of(site))
            }
            "generate_random" => {
                let made = Value::tainted(Label::Generated(site), hop(site, What::Source, &None));
                self.within(&["Plaintext"], made)
            }
            "generate_mac" => {
                let mac = arguments.all().transformed(Transform::Hmac);
                self.within(&["Mac"], mac)
            }
            _ => Value::default(),
        }
    }

    /// Credentials that expire within hours; their identifier is no secret.
    fn token_service(&self, site: Site, operation: &str) -> Value {
        if !operation.starts_with("assume_role") && !operation.starts_with("get_") {
            return Value::default();
        }
        let mut answer = Value::default();
        for part in ["SecretAccessKey", "SessionToken"] {
            let secret = Self::secret_of(site);
            let secret = match self.shared.program.symbols.find(part) {
                Some(name) => secret.field(name),
                None => secret,
            };
            answer.join(&self.within(&["Credentials", part], secret));
        }
        answer
    }
}
