// SPDX-License-Identifier: Apache-2.0
#include "server/http/access_log.hpp"
#include "support/fake_request.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::server;
using test::FakeRequest;
using test::TemporaryFolder;

namespace {

const FakeRequest k_hostile("GET", "/v1/a\"\n127.0.0.1 - - forged\xFF\x7F\u009b2J",
                            {{"User-Agent", "docker/1.9 \"x\"\r\n"},
                             {"Authorization", "Basic Ym9iOnNlY3JldA=="},
                             {"X-Docker-Token", "true"}});

std::string written(LogFormat format, const Request& request) {
  const TemporaryFolder folder;
  const auto path = (folder / "log").string();
  AccessLog log(path, format);
  log.write(request, 206, 1234, 0.5);
  return read_file(path, 1'000'000);
}

} // namespace

TEST_SUITE_BEGIN("server/http/access_log");

TEST_CASE("each request is one line in the log, whatever its text") {
  for (const auto format : {LogFormat::combined, LogFormat::json}) {
    const auto line = written(format, k_hostile);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(line.back() == '\n');
    CHECK(line.find("Ym9i") == std::string::npos);
    CHECK(line.find('\r') == std::string::npos);
    CHECK(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= ' ' && c < 0x7F; }));
  }
}

TEST_CASE("the combined format is Apache's") {
  const auto line =
      written(LogFormat::combined, FakeRequest("PUT", "/v1/x", {{"User-Agent", "docker/1.9"}}));
  CHECK(line.starts_with("127.0.0.1 - - ["));
  CHECK(line.ends_with(" +0000] \"PUT /v1/x HTTP/1.1\" 206 1234 \"-\" \"docker/1.9\"\n"));
}

TEST_CASE("the JSON format has all measured values") {
  const auto record = parse_json(written(LogFormat::json, k_hostile), "a line");
  CHECK(record["method"] == "GET");
  CHECK(record["path"] == "/v1/a\"\n127.0.0.1 - - forged\xEF\xBF\xBD\x7F\u009b2J");
  CHECK(record["status"] == 206);
  CHECK(record["bytes"] == 1234);
  CHECK(record["seconds"] == 0.5);
  CHECK(record["peer"] == "127.0.0.1");
  CHECK(record["time"].get<std::string>().size() == 20);
}

TEST_CASE("a log that was moved away is reopened; if that fails the old one stays") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "logs");
  const auto path = folder / "logs/log";
  AccessLog log(path.string(), LogFormat::combined);
  log.write(k_hostile, 200, 0, 0);
  std::filesystem::rename(path, folder / "old");
  log.write(k_hostile, 201, 0, 0);
  log.reopen();
  log.write(k_hostile, 202, 0, 0);
  CHECK(read_file(folder / "old", 10'000).find("\" 201 ") != std::string::npos);
  CHECK(read_file(path, 10'000).find("\" 202 ") != std::string::npos);
  CHECK(read_file(path, 10'000).find("\" 201 ") == std::string::npos);

  std::filesystem::rename(folder / "logs", folder / "gone");
  CHECK_THROWS_AS(log.reopen(), Error);
  log.write(k_hostile, 203, 0, 0);
  CHECK(read_file(folder / "gone/log", 10'000).find("\" 203 ") != std::string::npos);
  CHECK_THROWS_AS(AccessLog((folder / "no/log").string(), LogFormat::json), Error);
  AccessLog("", LogFormat::json).write(k_hostile, 200, 0, 0); // none
}
