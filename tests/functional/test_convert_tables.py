#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The golden tables of tests/data/conversion, which an independent converter wrote, on several ways: with and without
the processor's instructions for SHA-256, and with several numbers of jobs. Each way is taken twice: the second run moves
nothing.

Each row of a table takes some of the ways, or with REGCTL_WAYS=all every one.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import REGCTL, TestCase, main  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from test_convert import FORMS, PARTIAL, TREES, ConvertCase, read_golden, sum_of  # noqa: E402
from test_convert_back import BackCase, Schema1Case, read_golden as read_golden_back  # noqa: E402
from trees import IN_BUCKET, FolderFiles  # noqa: E402

JOBS = ("1", "2", "4", "8", "32")
# libcrypto's mask of what it uses of a processor: all but the instructions for SHA-256 (bit 29 of CPUID 7's EBX).
SHA_BIT = 29
WITHOUT_SHA = {"OPENSSL_ia32cap": f":~{1 << SHA_BIT:#x}"}
HASHES = {"with": {}, "without": WITHOUT_SHA}
IS_ALL = os.environ.get("REGCTL_WAYS") == "all"
# Of each reason: the exit code, and what is said.
REFUSALS = {
    "platform-absent": (3, "s390x"),
    "not-an-image": (9, "no image that v1 can hold"),
    "no-layers": (6, "neither layers nor history"),
    "diff-id-mismatch": (7, "unpacks to"),
    "layers-disagree": (6, "its config tells of 1"),
    "config-malformed": (6, "rootfs.diff_ids is missing"),
    "layer-encrypted": (9, "encrypted"),
}
SCHEMA1_REFUSALS = {
    "chain-broken": (6, "is not the parent"),
    "signature-malformed": (6, "the signed text is not JSON"),
    "manifest-malformed": (6, "not equally long"),
}
# Engines wrote their empty layers as gzip of zeros, which shows when they are read.
READ_AGAIN = ("engine16.json", "engine19.json", "only-empty.json")


class Way:
    """How runs go: by so many jobs, and with a key of HASHES."""

    def __init__(self, jobs, hashes):
        self.jobs, self.hashes, self.environment = jobs, hashes, HASHES[hashes]

    def __str__(self):
        return f"by {self.jobs} jobs {self.hashes} SHA instructions"


def ways(number):
    """Those of the row with this number: both hashes with different numbers of jobs, which all rows together have all
    of; in a bucket, where a run takes long, one."""
    if IS_ALL:
        return [Way(jobs, hashes) for jobs in JOBS for hashes in HASHES]
    if IN_BUCKET:
        return [Way(JOBS[number % len(JOBS)], list(HASHES)[number % 2])]
    return [Way(JOBS[(2 * number + i) % len(JOBS)], hashes) for i, hashes in enumerate(HASHES)]


def capabilities(environment):
    """CPUID 7's EBX as libcrypto uses it."""
    text = subprocess.run(["openssl", "info", "-cpusettings"], check=True, stdout=subprocess.PIPE,
                          env={"PATH": os.environ["PATH"], **environment}).stdout.decode()
    return int(re.search(r"OPENSSL_ia32cap=0x[0-9a-f]+:0x([0-9a-f]+)", text).group(1), 16)


def libcrypto_of(program):
    text = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE).stdout.decode()
    return re.search(r"libcrypto\S* => (\S+)", text).group(1)


class Hashes(TestCase):
    @unittest.skipUnless(platform.machine() == "x86_64", "other processors have other masks")
    def test_the_mask_takes_the_instructions_away(self):
        """The mask is one of the library that the program hashes with, and takes those instructions away alone."""
        self.assertEqual(libcrypto_of(REGCTL), libcrypto_of(shutil.which("openssl")))
        usual, masked = capabilities({}), capabilities(WITHOUT_SHA)
        if usual == masked:
            print("this processor has no instructions for SHA-256: both ways are the one without", file=sys.stderr)
        self.assertEqual(masked, usual & ~(1 << SHA_BIT))


class Trees(ConvertCase):
    """From a storage tree of v1 to one of v2."""

    def check(self, name, form, way):
        golden = read_golden(name)
        is_partial = any(one.is_broken for one in golden)
        folder, versions = f"{name}-{form}", []
        for expected in ("copied", "kept"):
            done = self.regctl("mirror", "--to-format", form, "--report", "report", "--jobs", way.jobs, self.tree(name),
                               f"v2-storage:{self.path(folder)}", env=way.environment)
            self.assertEqual(done.code, PARTIAL if is_partial else 0, done.err)
            outcomes = self.outcomes()
            self.assertEqual({text: one["outcome"] for text, one in outcomes.items()},
                             {str(one): "failed" if one.is_broken else expected for one in golden})
            self.assertGolden(name, form, self.tags_in_tree(folder))
            for one in golden:
                record = outcomes[str(one)]
                verdict = one.line["verdict"] if one.is_broken or expected == "copied" else None
                self.assertEqual((record["id"], record["digest"], record["verdict"]),
                                 (one.image, None if one.is_broken else one.digest(form), verdict), one)
                if one.is_broken:
                    self.assertIn(one.line["culprit"][:12], record["error"]["message"])
                elif expected == "kept":
                    self.assertEqual((record["images"], record["bytes"]), (0, 0))
            # Of a broken image, what is sound of it is linked, or it is not, as the threads happen to run.
            versions.append({path: version for path, version in FolderFiles(self.path(folder)).versions().items()
                             if "/_layers/" not in path})
        self.assertEqual(*versions)
        self.assertWhole(folder, golden, form)

    def assertWhole(self, folder, golden, form):
        """Config and layers are there, and what the golden lines say."""
        for one in golden:
            if one.is_broken:
                continue
            manifest = json.loads(self.blob_in_tree(folder, one.digest(form)))
            config = self.blob_in_tree(folder, manifest["config"]["digest"])
            self.assertEqual(config.decode(), one.line["config"], one)
            for layer in manifest["layers"]:
                data = self.blob_in_tree(folder, layer["digest"])
                self.assertEqual((sum_of(data), len(data)), (layer["digest"], layer["size"]), one)


def add_tree_tests():
    rows = [(name, form) for name in TREES for form in FORMS]
    for number, (name, form) in enumerate(rows):
        for way in ways(number):
            def test(self, of=(name, form, way)):
                self.check(*of)
            setattr(Trees, f"test_{name}_in_the_form_of_{form}_{way}".replace(" ", "_"), test)


add_tree_tests()


class Back(BackCase):
    """From OCI layouts to storage trees of v1."""

    def test_every_image_of_the_table(self):
        for number, one in enumerate(read_golden_back()):
            for way in ways(number):
                with self.subTest(f"{one} {way}"):
                    self.check(one, way, f"tree-{number}-{way.jobs}-{way.hashes}")

    def check(self, one, way, name):
        tree = StorageTree(self.path(name))  # packings of one image have the same IDs
        words = ("copy", "--format", "json", "--jobs", way.jobs, *self.options_of(one), self.place_of(one),
                 f"{tree.place}:team/app:1")
        for moved in (True, False):
            done = self.regctl(*words, env=way.environment)
            if not one.chain:
                code, text = REFUSALS[one.line["refused"]]
                self.assertEqual(done.code, code, done.err)
                self.assertIn(text, done.err)
                self.assertFalse(tree.exists("repositories/team/app/tag_1"))
                continue
            self.assertEqual(done.code, 0, done.err)
            self.assertEqual(done.json["tags"][0]["id"], one.chain[-1]["id"])
            self.assertEqual((done.json["images"], done.json["bytes"] > 0), (len(one.chain) if moved else 0, moved))
            self.assertInTree(tree, one, "team/app", "1")


class Schema1(Schema1Case):
    """From Docker's schema 1 to OCI layouts."""

    def test_every_manifest_of_the_table(self):
        for number, row in enumerate(self.rows):
            source = self.registry_of({"1": row})
            for form in FORMS:
                for way in ways(number):
                    with self.subTest(f"{row['manifest']} {form} {way}"):
                        self.check(source, row, form, way)

    def check(self, source, row, form, way):
        folder = self.path(f"{row['manifest']}-{form}-{way.jobs}-{way.hashes}")
        words = ("copy", "--format", "json", "--to-format", form, "--jobs", way.jobs, f"{source.host}/demo/x:1",
                 f"oci:{folder}:x")
        for moved in (True, False):
            done = self.regctl(*words, env=way.environment)
            if "refused" in row:
                code, text = SCHEMA1_REFUSALS[row["refused"]]
                self.assertEqual(done.code, code, done.err)
                self.assertIn(text, done.err)
                continue
            self.assertEqual(done.code, 0, done.err)
            self.assertNotIn("doubtful", done.err)
            self.assertEqual(done.json["tags"][0]["id"], row[form]["manifest_digest"])
            # Docker's form does not say what it was made from.
            if form == "oci" and not moved and row["manifest"] not in READ_AGAIN:
                self.assertEqual((done.json["images"], done.json["bytes"]), (0, 0))
            self.assertInLayout(folder, row, form)

    def assertInLayout(self, folder, row, form):
        """Manifest, config and layers are there, and what the table says."""
        def blob(digest):
            return self.read(os.path.join(folder, "blobs", *digest.split(":")))

        text = blob(row[form]["manifest_digest"])
        self.assertEqual(sum_of(text), row[form]["manifest_digest"])
        self.assertEqual(blob(row["config_digest"]).decode(), row["config"])
        manifest = json.loads(text)
        self.assertEqual(manifest["layers"], row[form]["layers"])
        for layer in manifest["layers"]:
            self.assertEqual(sum_of(blob(layer["digest"])), layer["digest"])


if __name__ == "__main__":
    main()
