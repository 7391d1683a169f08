// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "objects/claim.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_bucket.hpp"
#include "unit/formats/storage_tree/contract.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;
using namespace std::chrono_literals;

namespace {

const std::string k_mib(1024 * 1024, 'x');

struct Fixture {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};

  [[nodiscard]] std::unique_ptr<StorageTree> open(const std::string& prefix = "/p/") {
    return open_bucket_tree(std::make_shared<Bucket>(server, bucket_options()), prefix);
  }

  /// How many requests with this method were sent since the last call.
  [[nodiscard]] std::ptrdiff_t count(const std::string& method) {
    const auto lines = server.lines();
    const auto number = std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.starts_with(method + " ");
    });
    server.forget();
    return number;
  }
};

} // namespace

TEST_SUITE("objects/bucket_tree") {
  TEST_CASE_FIXTURE(Fixture, "a bucket keeps the contract of storage trees") {
    stored.conditions = FakeBucket::Conditions::kept;
    check_storage_tree([&] { return open(); });
  }

  TEST_CASE_FIXTURE(Fixture, "a bucket keeps it where the server refuses conditions") {
    stored.conditions = FakeBucket::Conditions::refused;
    check_storage_tree([&] { return open(""); });
  }

  TEST_CASE_FIXTURE(Fixture, "slashes around the prefix do not count") {
    for (const auto* prefix : {"p", "/p", "p/", "//p//"}) {
      CAPTURE(prefix);
      const auto tree = open(prefix);
      CHECK(tree->location() == "s3://b/p");
      tree->make_folder("a")->put("file", "1");
      CHECK(stored.objects() == std::map<std::string, std::string>{{"p/a/file", "1"}});
    }
    const auto whole = open("/");
    CHECK(whole->location() == "s3://b");
    CHECK(whole->read("p/a/file", 1) == "1");
    CHECK(whole->has_folder(""));
  }

  TEST_CASE_FIXTURE(Fixture, "what fits into one part is written by one request") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    auto upload = folder->start_upload("layer");
    for (int i = 0; i < 8; ++i) {
      upload->write(as_bytes(k_mib));
    }
    upload->commit(Durability::whole);
    CHECK(server.lines() == std::vector<std::string>{"PUT /b/p/a/layer"});
    CHECK(stored.objects().at("p/a/layer").size() == 8 * k_mib.size());
  }

  TEST_CASE_FIXTURE(Fixture, "what is longer is sent in parts, and is there once all are") {
    const auto tree = open();
    const auto upload = tree->make_folder("a")->start_upload("layer");
    for (int i = 0; i < 17; ++i) {
      upload->write(as_bytes(k_mib));
    }
    CHECK(stored.objects().empty());
    CHECK(count("PUT") == 2); // the third waits for its end
    std::vector<UnfinishedFile> unfinished;
    const auto look = [&] {
      unfinished.clear();
      tree->for_each_unfinished("a", 1,
                                [&](const UnfinishedFile& file) { unfinished.push_back(file); });
    };
    look();
    REQUIRE(unfinished.size() == 1);
    CHECK(unfinished[0].path == "a/layer");
    CHECK(unfinished[0].size_bytes == 16 * k_mib.size());
    // It was begun long ago, but a part has come just now.
    REQUIRE(unfinished[0].started);
    CHECK(std::chrono::system_clock::now() - *unfinished[0].started < 1h);
    upload->commit(Durability::whole);
    CHECK(stored.objects().at("p/a/layer").size() == 17 * k_mib.size());
    look();
    CHECK(unfinished.empty());
  }

  TEST_CASE_FIXTURE(Fixture, "an upload that is given up leaves nothing behind") {
    const auto tree = open();
    {
      const auto upload = tree->make_folder("a")->start_upload("layer");
      for (int i = 0; i < 9; ++i) {
        upload->write(as_bytes(k_mib));
      }
    }
    tree->for_each_unfinished("", 9, [](const UnfinishedFile&) { FAIL("left behind"); });
    CHECK(stored.objects().empty());
  }

  TEST_CASE_FIXTURE(Fixture, "what a killed writer has sent is found and removed") {
    const auto tree = open();
    const auto lost = tree->make_folder("a")->start_upload("layer").release(); // as kill -9 does
    for (int i = 0; i < 9; ++i) {
      lost->write(as_bytes(k_mib));
    }
    std::vector<UnfinishedFile> left;
    tree->for_each_unfinished("a", 1, [&](const UnfinishedFile& file) { left.push_back(file); });
    REQUIRE(left.size() == 1);
    tree->remove_unfinished(left[0]);
    tree->for_each_unfinished("a", 1, [](const UnfinishedFile&) { FAIL("left behind"); });
    delete lost;
  }

  TEST_CASE_FIXTURE(Fixture, "what was read is known by its ETag when it is listed again") {
    const auto tree = open();
    for (const auto* name : {"x", "y", "z"}) {
      tree->make_folder("a")->put(name, std::string(64, 'f'));
    }
    const auto read = [&] {
      std::size_t files = 0;
      tree->read_files(
          "a", [](const std::string&) { return true; }, 100,
          [&](const std::string&, const std::optional<std::string>& content) {
            CHECK(content == std::string(64, 'f'));
            ++files;
          });
      CHECK(files == 3);
    };
    read();
    server.forget();
    read();
    CHECK(count("GET") == 1); // the listing
  }

  TEST_CASE_FIXTURE(Fixture,
                    "a file that is replaced after it was listed is not known by the old ETag") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    folder->put("x", "old");
    const auto read = [&] {
      std::string seen;
      tree->read_files(
          "a", [](const std::string&) { return true; }, 100,
          [&](const std::string&, const std::optional<std::string>& text) { seen = *text; });
      return seen;
    };
    bool is_listed = false;
    server.before = [&](const SeenRequest& request) {
      if (is_listed && request.line == "GET /b/p/a/x") {
        stored.put("p/a/x", "new", std::time(nullptr));
      }
      is_listed = is_listed || request.line.find("list-type") != std::string::npos;
    };
    CHECK(read() == "new");
    server.before = {};
    folder->put("x", "old");
    CHECK(read() == "old");
  }

  TEST_CASE_FIXTURE(Fixture, "of several groups with one file all fail if it is not written") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    const FileGroup first{{{"own", "1"}, {"shared", "1"}}};
    const FileGroup second{{{"shared", "2"}}};
    const FileGroup other{{{"other", "3"}}};
    server.before = [](const SeenRequest& request) {
      if (request.line == "PUT /b/p/a/shared") {
        throw Error(ErrorKind::denied, "not this one");
      }
    };
    const auto problems = folder->put_groups({&first, &second, &other});
    CHECK(problems.at(0));
    CHECK(problems.at(1));
    CHECK_FALSE(problems.at(2));
    CHECK(stored.objects().contains("p/a/other"));
  }

  TEST_CASE_FIXTURE(Fixture, "a claim names the processes that know each other's numbers") {
    const auto numbers = std::filesystem::read_symlink("/proc/self/ns/pid").string();
    CHECK(new_claim().find(numbers) != std::string::npos);
  }

  TEST_CASE_FIXTURE(Fixture, "no two claims of a process are the same") {
    const auto claim = new_claim();
    CHECK(claim != new_claim());
    CHECK(is_own_claim(claim));
    for (const auto* other : {"true", "", "[]", "{}"}) {
      CHECK_FALSE(is_own_claim(other));
    }
  }

  TEST_CASE_FIXTURE(Fixture, "a claim of another process holds for two minutes") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    const auto now = std::time(nullptr);
    stored.put("p/a/mark", "true", now - 60);
    CHECK_FALSE(folder->claim("mark"));
    CHECK_FALSE(folder->take_over("mark"));
    CHECK_FALSE(folder->renew("mark"));
    CHECK(stored.objects().at("p/a/mark") == "true");
    stored.put("p/a/mark", "true", now - 130);
    CHECK_FALSE(folder->claim("mark"));
    CHECK_FALSE(folder->renew("mark"));
    CHECK(folder->take_over("mark"));
    CHECK(is_own_claim(stored.objects().at("p/a/mark")));
    CHECK(folder->renew("mark"));
  }

  TEST_CASE_FIXTURE(Fixture, "a mark that is gone is neither renewed nor taken over") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    CHECK_FALSE(folder->renew("mark"));
    CHECK_FALSE(folder->take_over("mark"));
    CHECK(stored.objects().empty());
  }

  TEST_CASE_FIXTURE(Fixture, "a mark that changes while it is looked at is another process's") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    server.before = [&](const SeenRequest& request) {
      if (request.line == "PUT /b/p/a/mark") {
        stored.put("p/a/mark", "another", std::time(nullptr));
      }
    };
    stored.put("p/a/mark", "true", std::time(nullptr) - 130);
    CHECK_FALSE(folder->take_over("mark"));
    CHECK(stored.objects().at("p/a/mark") == "another");
    stored.put("p/a/mark", new_claim(), std::time(nullptr));
    CHECK_FALSE(folder->renew("mark"));
    CHECK(stored.objects().at("p/a/mark") == "another");
  }

  TEST_CASE_FIXTURE(Fixture, "a claim of a process that is gone does not hold") {
    const auto tree = open();
    auto gone = *find_json(new_claim());
    gone["start"] = "1"; // another process had this number before
    stored.put("p/a/mark", gone.dump(), std::time(nullptr));
    CHECK(tree->make_folder("a")->take_over("mark"));
    auto elsewhere = *find_json(new_claim());
    elsewhere["machine"] = "another";
    stored.put("p/a/mark", elsewhere.dump(), std::time(nullptr));
    CHECK_FALSE(tree->make_folder("a")->take_over("mark"));
  }

  TEST_CASE_FIXTURE(Fixture, "a mark with a word of a process that is gone does not hold") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    auto gone = *find_json(new_claim());
    gone["start"] = "1";
    stored.put("p/a/mark", "removed\n" + gone.dump(), std::time(nullptr));
    CHECK(folder->take_over("mark"));
    CHECK(folder->renew("mark", "removed"));
    CHECK(stored.objects().at("p/a/mark").starts_with("removed\n"));
    CHECK(folder->take_over("mark")); // it is our own
    stored.put("p/a/mark", "removed", std::time(nullptr));
    CHECK_FALSE(folder->take_over("mark")); // nobody knows whose it is
  }

  TEST_CASE_FIXTURE(Fixture, "where no ETags are told, the last writer wins") {
    const auto tree = open();
    const auto folder = tree->make_folder("a");
    folder->put("file", "old");
    server.forget();
    CHECK(folder->put_if_unchanged("file", "new", "unknown"));
    CHECK(stored.objects().at("p/a/file") == "new");
    CHECK(server.lines() == std::vector<std::string>{"PUT /b/p/a/file"});
    const auto known = tree->open_known("a/file", 3, "unknown");
    CHECK(known->version() == "unknown");
    CHECK(read_text(*known->open("it"), 10, "it") == "new");
    CHECK_FALSE(server.seen().back().headers.find("If-Match"));
    // A copy could be of another version than the one that was read.
    CHECK_FALSE(folder->can_copy(*known));
    CHECK(folder->can_copy(*tree->find_file("a/file")));
  }

  TEST_CASE_FIXTURE(Fixture, "a file of another tree is taken over by a copy of the service") {
    const auto other = open("/old/");
    other->make_folder("a")->put("layer", "bytes");
    const auto file = other->find_file("a/layer");
    const auto tree = open("/new/");
    REQUIRE(tree->can_adopt(*file).is_possible);
    CHECK_FALSE(tree->can_adopt(*other->open_known("a/layer", 5, "unknown")).is_possible);
    server.forget();
    CHECK(tree->adopt(*file, "blobs/x/data", "aside").empty());
    CHECK(stored.objects().at("new/blobs/x/data") == "bytes");
    CHECK(server.seen().front().headers.find("x-amz-copy-source") == "/b/old/a/layer");
    CHECK(count("GET") == 0);
  }

  TEST_CASE_FIXTURE(Fixture, "whether a server keeps conditions is found out by the first one") {
    const auto claim = [&](const std::string& name) {
      CHECK(open()->make_folder("a")->claim(name));
      return count("PUT");
    };
    CHECK(claim("kept") == 2);
    stored.conditions = FakeBucket::Conditions::ignored;
    CHECK(claim("ignored") == 2);
    stored.conditions = FakeBucket::Conditions::refused;
    CHECK(claim("refused") == 2);
    const auto tree = open();
    CHECK(tree->make_folder("a")->claim("first"));
    server.forget();
    CHECK(tree->make_folder("a")->claim("second"));
    CHECK(count("PUT") == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "that a server keeps no conditions is said, once") {
    const auto said = [&](FakeBucket::Conditions conditions, const std::string& name) {
      stored.conditions = conditions;
      const auto before = server.notes().size();
      const auto tree = open();
      CHECK(tree->make_folder("a")->claim(name));
      CHECK(tree->make_folder("b")->claim(name));
      return server.notes().substr(before);
    };
    CHECK(said(FakeBucket::Conditions::kept, "1").empty());
    const std::string kept_not = "s3://b keeps no conditions (If-None-Match): two writers of one "
                                 "image may not notice each other\n";
    CHECK(said(FakeBucket::Conditions::ignored, "2") == kept_not);
    CHECK(said(FakeBucket::Conditions::refused, "3") == kept_not);
  }
}
