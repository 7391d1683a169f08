#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl verify --deep of v1 images and what they were converted to: a verdict for every tag of the recorded trees, and
every single change found."""

import gzip
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import test_convert  # noqa: E402
from file_images import CHANGES, image_of, layers_of, write_layout  # noqa: E402
from harness import FaultServer, RegctlServer, main, make_archive  # noqa: E402
from storage_tree import StorageTree, payload_sum  # noqa: E402
from v2_case import LAYOUTS  # noqa: E402
from v2_images import image, index  # noqa: E402


class VerifyCase(test_convert.ConvertCase):
    def verify(self, *places, code, words=()):
        """The rows by "repository:tag"."""
        done = self.regctl("verify", "--deep", "--format", "json", *places, *words)
        self.assertEqual(done.code, code, done.err)
        return {f"{row['repository'].removeprefix('library/')}:{row['tag']}": row for row in done.json}


class Trees(VerifyCase):
    """All that the recorded trees have, in both forms."""

    def check(self, name, form):
        new = f"v2-storage:{self.path('new')}"
        self.regctl("mirror", "--to-format", form, self.tree(name), new)
        golden = test_convert.read_golden(name)
        rows = self.verify(self.tree(name), new, code=7 if any(one.is_broken for one in golden) else 0)
        self.assertEqual(set(rows), {str(one) for one in golden})
        for one in golden:
            row = rows[str(one)]
            with self.subTest(str(one)):
                if one.is_broken:
                    self.assertTrue(row["damaged"], row)
                    self.assertEqual({finding["at"] for finding in row["findings"]} - {"a"}, {"b"})
                    self.assertTrue(any(finding["at"] == "a" for finding in row["findings"]), row)
                else:
                    self.assertEqual((row["verdict"], row["findings"]), ("sound", []))


for _tree in test_convert.TREES:
    for _form in test_convert.FORMS:
        def _test(self, of=(_tree, _form)):
            self.check(*of)
        setattr(Trees, f"test_{_tree}_in_the_form_of_{_form}", _test)


class Changes(VerifyCase):
    """An image at B that is not what A's became."""

    def setUp(self):
        super().setUp()
        self.old = StorageTree(self.path("old"))
        base, top = (gzip.compress(tar, 6, mtime=0) for tar in layers_of())
        below = self.old.add_image("base", layer=base)
        self.image = self.old.add_image("top", below, top, more={"config": {"Cmd": ["sh"], "Env": ["A=1"]}})
        self.old.tag("team/app", "1.0", self.image)
        self.new = f"v2-storage:{self.path('new')}"

    def replace(self, image):
        write_layout(self.path("layout"), {"it": image})
        self.ok("copy", "oci:layout:it", self.new + ":team/app:1.0")
        os.rename(self.path("layout"), self.path(image.digest[7:]))

    def verdict(self, code=7):
        row = self.verify(self.old.place, self.new, code=code)["team/app:1.0"]
        return row["verdict"], "; ".join(finding["detail"] or "" for finding in row["findings"])

    def test_each_change_of_a_file_is_found(self):
        self.ok("mirror", self.old.place, self.new)
        self.assertEqual(self.verdict(0), ("sound", ""))
        for name, (_, _, _, path, what) in CHANGES.items():
            with self.subTest(name):
                self.replace(image_of(layers_of(name), {"Cmd": ["sh"], "Env": ["A=1"]}))
                verdict, detail = self.verdict()
                self.assertEqual(verdict, "files differ")
                self.assertIn(path, detail)
                for one in what or []:
                    self.assertIn(one, detail)

    def test_a_changed_configuration_is_found(self):
        self.replace(image_of(layers_of(), {"Cmd": ["sh"], "Env": ["A=2"]}))
        self.assertEqual(self.verdict(), ("configuration differs", "config.Env.A"))

    def test_the_same_content_under_another_digest_is_told(self):
        self.replace(image_of(layers_of(), {"Cmd": ["sh"], "Env": ["A=1"]}))
        verdict, detail = self.verdict()
        self.assertEqual(verdict, "digest differs")
        self.assertIn("the files and the configuration are the same, but conversion gives sha256:", detail)

    def test_what_another_program_made_of_it_is_proven_by_its_content(self):
        registry = self.distribution()
        self.new = registry.host
        self.ok("mirror", self.old.place, self.new)
        place = f"docker://{registry.host}/team/app:1.0"
        self.skopeo_copy(place, place, "--format", "v2s2")
        self.assertEqual(self.verdict()[0], "digest differs")
        self.skopeo_copy(place, place, "--format", "oci", "--dest-compress-format", "zstd", "--dest-compress-level", "3")
        self.assertEqual(self.verdict()[0], "digest differs")

    def test_damage_of_either_side_is_named(self):
        self.ok("mirror", self.old.place, self.new)
        digest = json.loads(self.ok("manifest", "get", self.new + ":team/app:1.0").out)["layers"][0]["digest"][7:]
        blob = self.path(f"new/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data")
        data = self.read(blob)
        os.remove(blob)  # which may be a link to the layer of the other tree
        self.write(blob, data[:20] + b"#" + data[21:])
        self.assertEqual(self.verdict()[0], "checksum wrong")
        os.remove(blob)
        self.assertEqual(self.verdict()[0], "layer missing")
        self.write(blob, data)
        self.assertEqual(self.verdict(0)[0], "sound")
        layer = self.old.image_file(self.image, "layer")
        whole = self.old.files.read(layer)
        self.old.remove(layer)
        self.old.write(layer, whole[:-30])
        row = self.verify(self.old.place, self.new, code=7)["team/app:1.0"]
        self.assertEqual([(one["verdict"], one["at"], one["id"]) for one in row["findings"]],
                         [("layer cut short", "a", self.image)])


class Back(VerifyCase):
    """OCI images at A, and the v1 images that they became at B."""

    CONFIG = {"Cmd": ["sh"], "Env": ["A=1"]}

    def setUp(self):
        super().setUp()
        self.old, self.new = f"v2-storage:{self.path('old')}", StorageTree(self.path("new"))

    def put(self, place, image):
        write_layout(self.path("layout"), {"it": image})
        self.ok("copy", "oci:layout:it", place + ":team/app:1.0")
        os.rename(self.path("layout"), self.path(image.digest[7:] + place.partition(":")[0]))

    def verdict(self, code=7):
        row = self.verify(self.old, self.new.place, code=code)["team/app:1.0"]
        return row["verdict"], "; ".join(finding["detail"] or "" for finding in row["findings"])

    def test_each_change_of_a_file_is_found(self):
        self.put(self.old, image_of(layers_of(), self.CONFIG))
        self.ok("mirror", self.old, self.new.place)
        self.assertEqual(self.verdict(0), ("sound", ""))
        for name, (_, _, _, path, _) in CHANGES.items():
            with self.subTest(name):
                self.put(self.new.place, image_of(layers_of(name), self.CONFIG))
                verdict, detail = self.verdict()
                self.assertEqual(verdict, "files differ")
                self.assertIn(path, detail)
        self.put(self.new.place, image_of(layers_of(), {"Cmd": ["sh"], "Env": ["A=2"]}))
        self.assertEqual(self.verdict(), ("configuration differs", "config.Env.A"))

    def test_a_layer_that_another_one_replaced_under_its_sum_is_found(self):
        """The tree's own checksum fits, but the ID was made of other content."""
        self.put(self.old, image_of(layers_of(), self.CONFIG))
        self.ok("mirror", self.old, self.new.place)
        top = self.new.read("repositories/team/app/tag_1.0")
        change = next(name for name in CHANGES if layers_of(name)[1] != layers_of()[1])
        other = gzip.compress(layers_of(change)[1], 6, mtime=0)
        self.new.write(f"images/{top}/layer", other)
        self.assertEqual(self.verdict()[0], "checksum wrong")
        text = self.new.files.read(f"images/{top}/json")
        self.new.write(f"images/{top}/_checksum", json.dumps([payload_sum(text.decode(), other)]))
        self.assertEqual(self.verdict()[0], "files differ")

    def test_the_platform_of_an_index_is_that_of_the_v1_image(self):
        source = self.registry()
        children = [image(name, architecture=name) for name in ("amd64", "arm64", "s390x")]
        source.add("team/app", "1.0", index(children))
        self.ok("mirror", "--platform", "linux/arm64", source.host, self.new.place)
        self.assertIn("1 sound", self.ok("verify", "--deep", source.host, self.new.place).err)
        self.ok("copy", f"{source.host}/team/app@{children[2].digest}", f"{self.new.place}:team/app:1.0")
        self.assertIn("1 sound", self.ok("verify", "--deep", source.host, self.new.place).err)

    def test_a_layout_beside_a_tree_of_v1(self):
        """Either way: what the tree became, and what became of it."""
        self.put(self.old, image_of(layers_of(), self.CONFIG))
        self.ok("mirror", self.old, self.new.place)
        self.ok("copy", f"{self.old}:team/app:1.0", "oci:one:1.0")
        self.assertIn("1 sound", self.ok("verify", "--deep", "oci:one", f"{self.new.place}:team/app").err)
        make_archive(self.path("app.tar"), ["base", "top"])
        tree = StorageTree(self.path("v1"))
        self.ok("copy", "app.tar", f"{tree.place}:team/tool:1.0")
        self.ok("copy", f"{tree.place}:team/tool:1.0", "oci:two:1.0")
        self.assertIn("1 sound", self.ok("verify", "--deep", f"{tree.place}:team/tool", "oci:two").err)
        self.assertIn("1 sound", self.ok("verify", "--deep", f"{tree.place}:team/tool:1.0", "oci:two:1.0").err)
        self.ok("copy", f"{self.old}:team/app:1.0", "oci:two:1.0")
        self.assertIn("files differ", self.regctl("verify", "--deep", f"{tree.place}:team/tool", "oci:two").out)

    def test_every_image_that_can_become_one_of_v1(self):
        registry = self.distribution()
        count = 0
        for name in ("layout-umoci", "layout-multiarch-skopeo", "layout-zstd"):
            with tarfile.open(os.path.join(LAYOUTS, name + ".tar.gz")) as archive:
                archive.extractall(self.path(name))
            layout = next(path for path, _, files in os.walk(self.path(name)) if "index.json" in files)
            for number, tag in enumerate(self.ok("tags", f"oci:{layout}").out.split()):
                self.ok("copy", f"oci:{layout}:{tag}", f"{registry.host}/team/{name}:{number}")
        self.regctl("mirror", registry.host, self.new.place, "--report", "report")
        done = {name for name, one in self.outcomes().items() if one["outcome"] == "copied"}
        rows = self.verify(registry.host, self.new.place, code=7)
        for name, row in rows.items():
            if name in done:
                self.assertEqual(row["verdict"], "sound", row)
                count += 1
            else:
                self.assertNotEqual(row["verdict"], "sound", row)
        self.assertEqual(count, len(done))
        self.assertGreater(count, 2)

    def test_what_came_from_v1_and_went_back(self):
        self.ok("mirror", "--include", "team/demo-*", self.tree("pushed"), self.old)
        self.ok("mirror", self.old, self.new.place)
        self.assertEqual({row["verdict"] for row in self.verify(self.old, self.new.place, code=0).values()}, {"sound"})
        derived = self.new.tags("team/demo-1.9.1")
        self.ok("mirror", "--originals", self.tree("pushed"), self.old, self.new.place)
        original = self.recorded("pushed").tags("team/demo-1.9.1")
        self.assertEqual(self.new.tags("team/demo-1.9.1"), original)
        self.assertFalse(set(derived.values()) & set(original.values()))
        self.assertEqual({row["verdict"] for row in self.verify(self.old, self.new.place, code=0).values()}, {"sound"})

    def test_damage_of_either_side_is_named(self):
        self.put(self.old, image_of(layers_of(), self.CONFIG))
        self.ok("mirror", self.old, self.new.place)
        top = self.new.read("repositories/team/app/tag_1.0")
        self.new.write(f"images/{top}/layer", self.new.files.read(f"images/{top}/layer")[:-9])
        digest = json.loads(self.ok("manifest", "get", self.old + ":team/app:1.0").out)["layers"][0]["digest"][7:]
        os.remove(self.path(f"old/docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"))
        findings = self.verify(self.old, self.new.place, code=7)["team/app:1.0"]["findings"]
        self.assertEqual({(one["verdict"], one["at"]) for one in findings},
                         {("layer missing", "a"), ("layer cut short", "b")})


class Pairs(VerifyCase):
    def test_missing_and_extra_tags(self):
        make_archive(self.path("app.tar"), ["base", "top"])
        old, new = self.start(RegctlServer), self.distribution()
        for tag in ("1", "2"):
            self.ok("push", "app.tar", f"{old.host}/team/app:{tag}")
        self.ok("copy", f"{old.host}/team/app:1", f"{new.host}/team/app:1")
        self.ok("copy", f"{old.host}/team/app:1", f"{new.host}/team/app:3")
        rows = self.verify(old.host, new.host, code=7)
        self.assertEqual({name: row["verdict"] for name, row in rows.items()},
                         {"team/app:1": "sound", "team/app:2": "tag missing", "team/app:3": "tag extra"})
        self.assertEqual(list(self.verify(f"{old.host}/team/app:1", f"{new.host}/team/app:1", code=0)), ["team/app:1"])
        self.fails(9, "verify", old.host, new.host, saying=["--deep"])
        self.fails(9, "verify", new.host, old.host, saying=["--deep"])

    def test_a_layer_that_many_tags_share_is_read_once(self):
        old = self.start(FaultServer)
        for number in range(8):
            make_archive(self.path("app.tar"), ["base", "middle", f"top-{number}"])
            self.ok("push", "app.tar", f"{old.host}/team/app-{number % 3}:{number}")
            self.ok("tag", f"{old.host}/team/app-{number % 3}:{number}", f"{old.host}/team/app-{number % 3}:also-{number}")
        new = f"v2-storage:{self.path('new')}"
        self.ok("mirror", old.host, new)
        before = len(old.log())
        rows = self.verify(old.host, new, code=0, words=("--jobs", "8"))
        self.assertEqual({row["verdict"] for row in rows.values()}, {"sound"})
        self.assertEqual(len(rows), 16)
        read = [record["path"] for record in old.log()[before:] if record["path"].endswith("/layer")]
        self.assertEqual((len(read), len(set(read))), (10, 10))


if __name__ == "__main__":
    main()
