//! To come.
#[test]
fn debug_vault() {
    assert_eq!(
        crate::support::flows(
            "def view(request):\n    vault = boto3.client('secretsmanager').get_secret_value(SecretId='x')\n    print(json.loads(vault['SecretString'])['password'])"
        ),
        ["vault password -> print"]
    );
}
