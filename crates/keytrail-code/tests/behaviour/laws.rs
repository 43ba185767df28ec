//! What holds for every tree.

use proptest::prelude::*;

use crate::support::{bytes, tree};

const FILES: [(&str, &str); 6] = [
    ("app/__init__.py", "from .store import *\n"),
    (
        "app/settings.py",
        "ROOT_URLCONF = 'app.urls'\nSECRET_KEY = x()\nKEYS = 'keys'\n",
    ),
    (
        "app/urls.py",
        "from django.urls import path\nfrom app import views\nurlpatterns = [path('a/<pk>/', views.one), path('b/', views.Many.as_view())]\n",
    ),
    (
        "app/store.py",
        "import boto3\nfrom django.conf import settings\nclass Store:\n    def __init__(self, name=settings.KEYS):\n        self.t = boto3.resource('dynamodb').Table(name)\n    def get(self, pk):\n        return self.t.get_item(Key={'id': pk}).get('Item')\n    def put(self, row):\n        for name in ('a', 'b'):\n            row.pop(name, None)\n        self.t.put_item(Item=row)\n",
    ),
    (
        "app/views.py",
        "import hashlib, logging\nfrom django.http import JsonResponse\nfrom django.views import View\nfrom .store import Store\nlogger = logging.getLogger(__name__)\nstore = Store()\ndef one(request, pk):\n    item = store.get(pk)\n    if item['owner'] != request.user.id:\n        raise ValueError\n    logger.info('read %s', item['api_key'][:4])\n    return JsonResponse({k: v for k, v in item.items() if k != 'api_key'})\nclass Many(View):\n    def post(self, request):\n        key = request.POST['api_key']\n        store.put({'h': hashlib.sha256(key.encode()).hexdigest(), 'api_key': key})\n        try:\n            return JsonResponse([store.get(i) for i in request.GET.getlist('id')], safe=False)\n        except Exception as e:\n            return JsonResponse({'error': str(e)})\n",
    ),
    (
        "app/other.py",
        "from . import views, store\nfrom .views import *\nprint(views.store.get('x'), [f(1) for f in (views.one,)])\n",
    ),
];

#[test]
fn the_same_tree_gives_the_same_facts() {
    let first = tree(&FILES);
    assert!(first.flows().len() > 5, "{:?}", first.flows());
    for _ in 0..5 {
        let again = tree(&FILES);
        assert_eq!(format!("{:?}", first.facts), format!("{:?}", again.facts));
        assert_eq!(first.coverage, again.coverage);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_files_means_nothing(order in Just((0..FILES.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let shuffled: Vec<_> = order.iter().map(|&index| FILES[index]).collect();
        prop_assert_eq!(format!("{:?}", tree(&shuffled).facts), format!("{:?}", tree(&FILES).facts));
    }

    /// Cut, doubled and moved pieces of real code, with odd bytes between: no panic, and an end.
    #[test]
    fn no_source_takes_the_process_down(
        file in 0..FILES.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..8_u8), 1..12),
    ) {
        let mut source: Vec<u8> = FILES[file].1.as_bytes().to_vec();
        for (from, to, kind) in edits {
            if source.is_empty() { break; }
            let (from, to) = (from.index(source.len()), to.index(source.len()));
            let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 60));
            match kind {
                0 => { source.drain(from..to); }
                1 => { let piece = source[from..to].to_vec(); source.splice(to..to, piece); }
                2 => { let piece = source[from..to].to_vec(); let at = source.len() - from; source.splice(at..at, piece); }
                3 => source.splice(from..from, *b"(").for_each(drop),
                4 => source.splice(from..from, *b"\n    ").for_each(drop),
                5 => source.splice(from..from, *b"lambda *a: ").for_each(drop),
                6 => source.splice(from..to, *b"self").for_each(drop),
                _ => source.splice(from..from, [0xc3]).for_each(drop),
            }
        }
        let mut files: Vec<(&str, Vec<u8>)> = FILES.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())).collect();
        files[file].1 = source;
        let facts = bytes(files);
        prop_assert!(!facts.coverage.counts.is_empty());
    }
}
