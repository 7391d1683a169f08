// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/kept_uploads.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

using namespace regctl;
using regctl::registry::v2::KeptUpload;
using regctl::registry::v2::KeptUploads;
using regctl::test::TemporaryFolder;

namespace fs = std::filesystem;

namespace {

const std::string k_repository = "reg.example/team/app";
const auto k_digest = oci::Digest::of("a");
const KeptUpload k_upload = {
    http::Url::parse("https://reg.example/v2/team/app/blobs/uploads/1?_state=a%2Bb=="), 40, 20};

fs::path only_file(const fs::path& folder) {
  return fs::directory_iterator(folder)->path();
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/kept_uploads");

TEST_CASE("what was kept is taken once") {
  const TemporaryFolder folder;
  KeptUploads uploads(folder / "uploads");
  CHECK_FALSE(uploads.take(k_repository, k_digest));
  uploads.keep(k_repository, k_digest, k_upload);
  CHECK_FALSE(uploads.take("reg.example/team/other", k_digest));
  CHECK_FALSE(uploads.take(k_repository, oci::Digest::of("b")));
  CHECK(KeptUploads(folder / "uploads").take(k_repository, k_digest) == k_upload);
  CHECK_FALSE(uploads.take(k_repository, k_digest));
}

TEST_CASE("it is told whether an upload is kept") {
  const TemporaryFolder folder;
  CHECK(KeptUploads(folder / "uploads").keep(k_repository, k_digest, k_upload));
  CHECK_FALSE(KeptUploads("").keep(k_repository, k_digest, k_upload));
  CHECK_FALSE(KeptUploads("/proc/none").keep(k_repository, k_digest, k_upload));
}

TEST_CASE("only its owner may read what was kept") {
  const TemporaryFolder folder;
  KeptUploads uploads(folder / "uploads");
  uploads.keep(k_repository, k_digest, k_upload);
  CHECK(fs::status(folder / "uploads").permissions() == fs::perms::owner_all);
  CHECK(fs::status(only_file(folder / "uploads")).permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("an upload is replaced and forgotten") {
  const TemporaryFolder folder;
  KeptUploads uploads(folder / "uploads");
  uploads.keep(k_repository, k_digest, k_upload);
  auto next = k_upload;
  next.sent_bytes = 60;
  uploads.keep(k_repository, k_digest, next);
  CHECK(uploads.take(k_repository, k_digest) == next);
  uploads.keep(k_repository, k_digest, next);
  uploads.forget(k_repository, k_digest);
  CHECK_FALSE(uploads.take(k_repository, k_digest));
}

TEST_CASE("a damaged file is nothing") {
  const TemporaryFolder folder;
  KeptUploads uploads(folder.path());
  uploads.keep(k_repository, k_digest, k_upload);
  const auto file = only_file(folder.path());
  const auto head = "{\"blob\":\"" + k_repository + "@" + k_digest.to_string() + "\",";
  for (const auto& text :
       {std::string(), std::string("[]"), head + "\"url\":\"ftp://x\"}",
        head + "\"url\":\"https://x/\",\"sent_bytes\":-1,\"piece_bytes\":2}",
        head + "\"url\":\"https://x/\",\"sent_bytes\":1,\"piece_bytes\":0}",
        std::string("{\"blob\":\"other\",\"url\":\"https://x/\",\"sent_bytes\":1,"
                    "\"piece_bytes\":2}")}) {
    CAPTURE(text);
    std::ofstream(file) << text;
    CHECK_FALSE(uploads.take(k_repository, k_digest));
  }
}

TEST_CASE("what is older than a week goes") {
  const TemporaryFolder folder;
  KeptUploads(folder.path()).keep(k_repository, k_digest, k_upload);
  const auto old = only_file(folder.path());
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(24 * 8));
  std::ofstream(folder / "other") << "not ours";
  fs::last_write_time(folder / "other",
                      fs::file_time_type::clock::now() - std::chrono::hours(24 * 8));
  KeptUploads(folder.path()).keep(k_repository, oci::Digest::of("b"), k_upload);
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(folder / "other"));
}

TEST_CASE("nothing is kept without a folder, or where none can be made") {
  KeptUploads nowhere("");
  nowhere.keep(k_repository, k_digest, k_upload);
  CHECK_FALSE(nowhere.take(k_repository, k_digest));
  KeptUploads impossible("/dev/null/uploads");
  impossible.keep(k_repository, k_digest, k_upload);
  CHECK_FALSE(impossible.take(k_repository, k_digest));
}

TEST_SUITE_END();
