//! Serializers and forms.

use crate::support::{Cases, flows};

fn shown(class: &str, call: &str) -> Vec<String> {
    flows(&format!(
        "
from rest_framework import serializers
from rest_framework.response import Response
{}
def view(request):
    item = table.get_item(Key={{'id': 1}})['Item']
    return Response({call})
",
        crate::support::dedent(class)
    ))
    .into_iter()
    .map(|line| {
        line.replace("get_item keys", "item")
            .replace(" -> response", "")
    })
    .collect()
}

#[test]
fn serializers_show_their_fields() {
    let mut cases = Cases::default();
    for (class, call, wanted) in [
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()",
            "S(instance=item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()",
            "S([item], many=True).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()\n    api_key = serializers.CharField(write_only=True)",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    shown = serializers.CharField(source='alias')",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    shown = serializers.CharField(source='meta.token')",
            "S(item).data",
            vec!["item meta.token"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        fields = ['alias', 'owner']",
            "S(item).data",
            vec!["item alias", "item owner"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        fields = ('alias',)",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        fields = '__all__'",
            "S(item).data",
            vec!["item"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        exclude = ['api_key']",
            "S(item).data",
            vec!["item without api_key"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        fields = '__all__'\n        extra_kwargs = {'api_key': {'write_only': True}}",
            "S(item).data",
            vec!["item without api_key"],
        ),
        (
            "class S(serializers.ModelSerializer):\n    class Meta:\n        fields = ['alias', 'api_key']\n        extra_kwargs = {'api_key': {'write_only': True}}",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class B(serializers.Serializer):\n    alias = serializers.CharField()\nclass S(B):\n    owner = serializers.CharField()",
            "S(item).data",
            vec!["item alias", "item owner"],
        ),
        (
            "class I(serializers.Serializer):\n    token = serializers.CharField()\nclass S(serializers.Serializer):\n    meta = I()",
            "S(item).data",
            vec!["item meta.token"],
        ),
        (
            "class S(serializers.Serializer):\n    def to_representation(self, instance):\n        return {'alias': instance['alias']}",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()\n    api_key = serializers.CharField()\n    def to_representation(self, instance):\n        data = super().to_representation(instance)\n        data.pop('api_key')\n        return data",
            "S(item).data",
            vec!["item alias"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()\n    short = serializers.SerializerMethodField()\n    def get_short(self, obj):\n        return obj['api_key'][-4:]",
            "S(item).data",
            vec!["item alias", "item api_key [masked]"],
        ),
        (
            "class S(serializers.Serializer):\n    alias = serializers.CharField()\n    def to_internal_value(self, data):\n        return data",
            "S(item).data",
            vec!["item alias"],
        ),
    ] {
        cases.same(class, &shown(class, call), &wanted);
    }
}

#[test]
fn what_a_serializer_takes_is_stored() {
    let mut cases = Cases::default();
    let class = "class S(serializers.Serializer):\n    api_key = serializers.CharField()\n    alias = serializers.CharField()";
    let read_only = "class S(serializers.Serializer):\n    api_key = serializers.CharField(read_only=True)\n    alias = serializers.CharField()";
    let creates = format!(
        "{class}\n    def create(self, validated_data):\n        table.put_item(Item=validated_data)\n    def update(self, instance, validated_data):\n        table.put_item(Item={{'k': validated_data['api_key']}})"
    );
    let store = "    s.is_valid(raise_exception=True)\n    table.put_item(Item={'k': s.validated_data['api_key']})";
    for (case, class, body, wanted) in [
        ("validated", class, format!("    s = S(data=request.data)\n{store}"), vec!["body api_key -> put_item keys k"]),
        ("read only", read_only, format!("    s = S(data=request.data)\n{store}"), vec![]),
        ("whole", class, "    s = S(data=request.data)\n    s.is_valid()\n    table.put_item(Item=s.validated_data)".to_owned(), vec!["body alias -> put_item keys alias", "body api_key -> put_item keys api_key"]),
        ("save", creates.as_str(), "    s = S(data=request.data)\n    s.is_valid()\n    s.save()".to_owned(), vec!["body alias -> put_item keys alias", "body api_key -> put_item keys api_key"]),
        ("update", creates.as_str(), "    s = S({'id': 1}, data=request.data)\n    s.is_valid()\n    s.save()".to_owned(), vec!["body api_key -> put_item keys k"]),
        ("query", class, format!("    s = S(data=request.query_params)\n{store}"), vec!["query api_key -> put_item keys k"]),
    ] {
        let body = format!("from rest_framework import serializers\n{class}\ndef view(request):\n{body}\n");
        cases.same(case, &flows(&body), &wanted);
    }
}

#[test]
fn forms() {
    let lines = flows(
        "
        from django import forms
        class F(forms.Form):
            api_key = forms.CharField()
            def clean_api_key(self):
                key = self.cleaned_data['api_key']
                logger.info('cleaned %s', key)
                return key
        def view(request):
            form = F(request.POST)
            if form.is_valid():
                table.put_item(Item={'k': form.cleaned_data['api_key']})
            form = F(data=request.POST)
            print(form.cleaned_data.get('api_key'))
        ",
    );
    assert_eq!(
        lines,
        [
            "body api_key -> log info",
            "body api_key -> print",
            "body api_key -> put_item keys k"
        ]
    );
}
