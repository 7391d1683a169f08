// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/ops/mirror/config.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::ops::mirror;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("ops/mirror/config");

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

MirrorConfig parse(const std::string& text, const Variables& variables = {}) {
  return parse_mirror_config(text, "mirror.yml", environment(variables));
}

/// A file with one mirror that has these rules, from line 5 on.
std::string with_rules(const std::string& rules) {
  return "version: 1\nmirrors:\n  - source: a:1\n    destination: b:1\n" + rules;
}

/// What is said about a file; empty if it is taken.
std::string mistakes(const std::string& text, const Variables& variables = {}) {
  try {
    parse(text, variables);
    return {};
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::usage);
    return error.message();
  }
}

std::vector<std::string> texts(const std::vector<Pattern>& patterns) {
  std::vector<std::string> result;
  for (const auto& pattern : patterns) {
    result.push_back(pattern.to_string());
  }
  return result;
}

using Texts = std::vector<std::string>;

/// The example of the manual page.
std::string example() {
  const auto page = read_file(REGCTL_TEST_DATA "/../../man/regctl-mirror.5.scd", 1 << 20);
  const auto begin = page.find("\n```\nversion: 1\n");
  REQUIRE(begin != std::string::npos);
  const auto end = page.find("\n```\n", begin + 5);
  REQUIRE(end != std::string::npos);
  return page.substr(begin + 5, end - begin - 4);
}

} // namespace

TEST_CASE("the manual's example is read as the manual explains it") {
  const auto config = parse(example());

  REQUIRE(config.registries.size() == 2);
  const auto& old = config.registries.at("old.example:5000");
  CHECK(old.access.plain_http);
  CHECK(old.credential == CredentialReference{"", "OLD_USERNAME", "", "OLD_PASSWORD"});
  CHECK(old.jobs == 2);
  CHECK(old.requests_per_second == 20);
  CHECK(old.bandwidth == parse_bandwidth("08:00-18:00: 5MB/s, 40MB/s"));
  const auto& fresh = config.registries.at("new.example");
  CHECK_FALSE(fresh.access.plain_http);
  CHECK(fresh.access.ca_file == "ci/company-ca.pem");
  CHECK(fresh.credential == CredentialReference{"mirror", "", "/run/secrets/new-registry", ""});

  CHECK(config.run.jobs == 4);
  CHECK(config.run.state == ".cache/mirror-state");
  CHECK(config.run.report == "mirror-report.jsonl");
  CHECK(config.run.failures == "mirror-failures.jsonl");

  REQUIRE(config.mirrors.size() == 2);
  const auto& releases = config.mirrors[0];
  CHECK(releases.source.to_string() == "docker://old.example:5000");
  CHECK(releases.destination.to_string() == "docker://new.example");
  CHECK(releases.rules.repositories.takes("payment/a/b"));
  CHECK_FALSE(releases.rules.repositories.takes("payment/playground"));
  CHECK(texts(releases.rules.tags.exclude) == Texts{"*-dev", "/.*-(snapshot|test)/"});
  CHECK(releases.rules.semver == SemverRange::parse(">=1.0 || 0.9.x"));
  CHECK(releases.rules.latest == 10);
  CHECK(releases.rules.destination_name("payment/app") == "v1/pay/app");
  CHECK(releases.rules.prune.enabled);
  CHECK(releases.rules.prune.limit == doctest::Approx(0.2));
  CHECK_FALSE(releases.rules.prune.beyond_limit);
  CHECK(texts(releases.rules.protected_tags) == Texts{"stable", "latest"});

  const auto& research = config.mirrors[1];
  CHECK(research.source.name_space == "research");
  CHECK(research.destination.to_string() == "v1-storage:/srv/research");
  CHECK(research.rules.newer_than == 168h);
  CHECK(research.rules.tags.exclude.empty()); // its own tags replace the default's
  CHECK(texts(research.rules.protected_tags) == Texts{"stable", "latest"});

  const auto elsewhere = parse(example(), {{"OLD_REGISTRY", "Host:7"}, {"SECRETS", "/s"}});
  CHECK(elsewhere.registries.contains("host:7"));
  CHECK(elsewhere.mirrors[1].source.host->host == "host:7");
  CHECK(elsewhere.registries.at("new.example").credential->password_file == "/s/new-registry");
}

TEST_CASE("the smallest file has all defaults") {
  const auto config = parse(with_rules(""));
  CHECK(config.registries.empty());
  CHECK_FALSE(config.run.jobs);
  REQUIRE(config.mirrors.size() == 1);
  const auto& rules = config.mirrors[0].rules;
  CHECK(rules.repositories.takes("anything"));
  CHECK_FALSE(rules.needs_ages());
  CHECK_FALSE(rules.prune.enabled);
  CHECK(rules.prune.limit == doctest::Approx(0.1));
}

TEST_CASE("rules have short forms") {
  const auto rules_of = [](const std::string& rules) {
    return parse(with_rules(rules)).mirrors.at(0).rules;
  };
  CHECK(texts(rules_of("    tags: v*\n").tags.include) == Texts{"v*"});
  CHECK(texts(rules_of("    tags: [v*, w]\n").tags.include) == Texts{"v*", "w"});
  CHECK(texts(rules_of("    tags: {exclude: x}\n").tags.exclude) == Texts{"x"});
  CHECK(texts(rules_of("    protect: x\n").protected_tags) == Texts{"x"});
  CHECK(rules_of("    prune: yes\n").prune.enabled);
  CHECK_FALSE(rules_of("    prune: false\n").prune.enabled);
  CHECK(rules_of("    prune: {}\n").prune.enabled);
  CHECK_FALSE(rules_of("    prune: {enabled: off, limit: 1}\n").prune.enabled);
  CHECK(rules_of("    prune: {beyond_limit: true}\n").prune.beyond_limit);
  CHECK(rules_of("    latest: 1\n").form == OciForm::oci);
  CHECK(mistakes("version: 1\nmirrors:\n- {source: 'v2-storage:a', destination: 'v2-storage:b'}\n")
            .empty());
  CHECK(rules_of("    to_format: oci\n").form == OciForm::oci);
  CHECK(rules_of("    to_format: docker\n").form == OciForm::docker);
}

TEST_CASE("all other settings are read") {
  const auto config = parse("version: 1\n"
                            "registries:\n"
                            "  h:1:\n"
                            "    credentials: docker\n"
                            "    insecure: on\n"
                            "    client_cert: c\n"
                            "    client_key: k\n"
                            "    requests_per_second: 0.5\n"
                            "    bandwidth: 1MiB/s\n"
                            "defaults:\n"
                            "  bandwidth: '08:00-18:00: 5MB/s'\n"
                            "  gentle: true\n"
                            "  fail_fast: true\n"
                            "  require_checksum: true\n"
                            "  metrics_file: m\n"
                            "  listen_metrics: :9100\n"
                            "mirrors:\n"
                            "  - {source: a:1, destination: b:1, repositories_from: '-'}\n");
  const auto& registry = config.registries.at("h:1");
  CHECK_FALSE(registry.credential);
  CHECK(registry.access.insecure);
  CHECK(registry.access.client_cert == "c");
  CHECK(registry.access.client_key == "k");
  CHECK(registry.requests_per_second == 0.5);
  CHECK(registry.bandwidth == Bandwidth{{}, 1'048'576});
  CHECK(config.run.bandwidth.at(9h) == 5'000'000);
  CHECK(config.run.gentle);
  CHECK(config.run.fail_fast);
  CHECK(config.run.require_checksum);
  CHECK(config.run.metrics_file == "m");
  CHECK(config.run.listen_metrics == ":9100");
  CHECK(config.mirrors[0].repositories_from == "-");
}

TEST_CASE("a mistake is reported with its line and key") {
  struct Row {
    std::string text;
    const char* message; ///< its beginning
  };
  const Row rows[] = {
      {"", "mirror.yml line 1: has no value"},
      {"[]", "mirror.yml line 1: is not a mapping"},
      {"version: [", "mirror.yml line "},
      {"mirrors:\n- {source: a:1, destination: b:1}\n", "mirror.yml line 1: lacks 'version'"},
      {"version: 1\n", "mirror.yml line 1: lacks 'mirrors'"},
      {"version: 1\nmirrors: []\n", "mirror.yml line 2: mirrors: is not a list"},
      {"version: 2\nmirrors:\n- {source: a:1, destination: b:1}\n",
       "mirror.yml line 1: version: '2' is not known (this program reads version 1)"},
      {"version: 1\nmirrors:\n- a:1\n", "mirror.yml line 3: mirrors[0]: is not a mapping"},
      {"version: 1\nmirrors:\n- {source: a:1}\n",
       "mirror.yml line 3: mirrors[0]: lacks 'destination'"},
      {"version: 1\nmirrors:\n- {source: a:1, destination: b:1/team/app}\n",
       "mirror.yml line 3: mirrors[0].destination: the destination is one repository, for many"},
      {"version: 1\nmirrors:\n- {source: a:1/team/app:1, destination: b:1/team/app:2}\n",
       "mirror.yml line 3: mirrors[0].destination: a mirror does not give tags other names"},
      {"version: 1\nmirrors:\n- {source: 'a:1/app@sha256:" + std::string(64, 'a') +
           "', destination: b:1}\n",
       "mirror.yml line 3: mirrors[0].source: protocol v1 has no digests"},
      {with_rules("    semverr: x\n"),
       "mirror.yml line 5: mirrors[0].semverr: is unknown; did you mean 'semver'?"},
      {with_rules("    xyzzy: x\n"), "mirror.yml line 5: mirrors[0].xyzzy: is unknown"},
      {with_rules("    semver: latest\n"),
       "mirror.yml line 5: mirrors[0].semver: 'latest' is not a range of versions: 'latest' is not "
       "a version (write for example"},
      {with_rules("    semver:\n"), "mirror.yml line 5: mirrors[0].semver: has no value"},
      {with_rules("    semver: [1]\n"), "mirror.yml line 5: mirrors[0].semver: is a list"},
      {with_rules("    semver: {a: 1}\n"), "mirror.yml line 5: mirrors[0].semver: is a mapping"},
      {with_rules("    latest: 0\n"), "mirror.yml line 5: mirrors[0].latest: '0' is not a number"},
      {with_rules("    latest: 1.5\n"), "mirror.yml line 5: mirrors[0].latest: '1.5'"},
      {with_rules("    newer_than: 7\n"), "mirror.yml line 5: mirrors[0].newer_than: '7' is not"},
      {with_rules("    prefix: ''\n"), "mirror.yml line 5: mirrors[0].prefix: is empty"},
      {with_rules("    prefix: ../\n"),
       "mirror.yml line 5: mirrors[0].prefix: '../' begins no name of a repository"},
      {"version: 1\nmirrors:\n- {source: 'docker-daemon:a', destination: b:1}\n",
       "mirror.yml line 3: mirrors[0].source: nothing is mirrored from such a place"},
      {"version: 1\nmirrors:\n- {source: a:1, destination: 'docker-archive:b'}\n",
       "mirror.yml line 3: mirrors[0].destination: nothing is mirrored to such a place"},
      {with_rules("defaults: {listen_metrics: foo}\n"),
       "mirror.yml line 5: defaults.listen_metrics: 'foo' is no address to listen on"},
      {with_rules("defaults: {jobs: 65}\n"),
       "mirror.yml line 5: defaults.jobs: '65' is not a number from 1 to 64"},
      {with_rules("registries: {h: {jobs: 100000}}\n"),
       "mirror.yml line 5: registries.h.jobs: '100000' is not a number from 1 to 64"},
      {with_rules("    tags:\n      - a\n      - '[b'\n"),
       "mirror.yml line 7: mirrors[0].tags[1]: '[b' is not a pattern: a '[' is not closed"},
      {with_rules("    tags:\n      include:\n        - [a]\n"),
       "mirror.yml line 7: mirrors[0].tags.include[0]: is a list"},
      {with_rules("    tags: {includes: a}\n"),
       "mirror.yml line 5: mirrors[0].tags.includes: is unknown; did you mean 'include'?"},
      {with_rules("    rename: a\n"), "mirror.yml line 5: mirrors[0].rename: is not a list"},
      {with_rules("    rename:\n    - {from: a}\n"),
       "mirror.yml line 6: mirrors[0].rename[0]: lacks 'to'"},
      {with_rules("    rename:\n    - {from: a, to: b$1}\n"),
       "mirror.yml line 6: mirrors[0].rename[0]: the new name 'b$1' has $1, but 'a' catches 0"},
      {with_rules("    to_format: v1\n"),
       "mirror.yml line 5: mirrors[0].to_format: 'v1' is neither oci nor docker"},
      {with_rules("    prune: maybe\n"),
       "mirror.yml line 5: mirrors[0].prune: 'maybe' is not true"},
      {with_rules("    prune: {limit: 200%}\n"),
       "mirror.yml line 5: mirrors[0].prune.limit: '200%' is not a share"},
      {with_rules("    latest: 1\n    latest: 2\n"),
       "mirror.yml line 6: mirrors[0].latest: is there twice"},
      {with_rules("    prefix: ${X}\n"),
       "mirror.yml line 5: mirrors[0].prefix: the variable X is not set"},
      {with_rules("    prefix: a${\n"), "mirror.yml line 5: mirrors[0].prefix: '${' begins no"},
      {with_rules("    prefix: ${1X}\n"), "mirror.yml line 5: mirrors[0].prefix: '${' begins no"},
      {with_rules("defaults: {jobz: 1}\n"),
       "mirror.yml line 5: defaults.jobz: is unknown; did you mean 'jobs'?"},
      {with_rules("defaults:\n"), "mirror.yml line 5: defaults: has no value"},
      {with_rules("defaults: {gentle: 1}\n"),
       "mirror.yml line 5: defaults.gentle: '1' is not true"},
      {with_rules("defaults: {bandwidth: [1MB, 2MB]}\n"),
       "mirror.yml line 5: defaults.bandwidth: '1MB, 2MB' is not a bandwidth"},
      {with_rules("registries: [a]\n"), "mirror.yml line 5: registries: is not a mapping"},
      {with_rules("registries:\n  'a b': {}\n"),
       "mirror.yml line 6: registries.a b: 'a b' is not a registry host"},
      {with_rules("registries: {h:1: {jobs: many}}\n"),
       "mirror.yml line 5: registries[\"h:1\"].jobs: 'many' is not a number from 1"},
      {with_rules("registries:\n  h:1: {}\n  H:1: {}\n"),
       "mirror.yml line 7: registries[\"H:1\"]: is the same registry"},
      {with_rules("registries: {h: {requests_per_second: 0}}\n"),
       "mirror.yml line 5: registries.h.requests_per_second: '0' is not a number of requests"},
      {with_rules("registries: {h: {client_key: k}}\n"),
       "mirror.yml line 5: registries.h: has a client_key without a client_cert"},
      {with_rules("registries: {h: {credentials: bob}}\n"),
       "mirror.yml line 5: registries.h.credentials: is neither 'docker' nor a mapping"},
      {with_rules("registries: {h: {credentials: {username: a}}}\n"),
       "mirror.yml line 5: registries.h.credentials: needs one of password_file and"},
      {with_rules("registries: {h: {credentials: {password_env: a}}}\n"),
       "mirror.yml line 5: registries.h.credentials: needs one of username and"},
      {with_rules("registries: {h: {credentials: {username: a, password: b}}}\n"),
       "mirror.yml line 5: registries.h.credentials.password: does not belong in a file"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto message = mistakes(row.text);
    CHECK(message.substr(0, std::string(row.message).size()) == row.message);
    CHECK(message.find('\n') == std::string::npos); // it is the only one
  }
}

TEST_CASE("all mistakes are reported, in the order of their lines") {
  CHECK(mistakes("version: 1\n"
                 "mirrors:\n"
                 "  - source: a:1\n"
                 "    latst: 3\n"
                 "  - source: http://a\n"
                 "    destination: b:1\n"
                 "    prefix: ${X}\n"
                 "registrys: {}\n"
                 "defaults:\n"
                 "  newer_than: soon\n") ==
        "mirror.yml has 6 mistakes\n"
        "  line 3: mirrors[0]: lacks 'destination'\n"
        "  line 4: mirrors[0].latst: is unknown; did you mean 'latest'?\n"
        "  line 5: mirrors[1].source: 'http://a' is not an image reference: leave out the scheme "
        "(--plain-http says that a registry speaks http) (write HOST[:PORT]/NAME[:TAG], for "
        "example localhost:5000/team/app:1.0)\n"
        "  line 7: mirrors[1].prefix: the variable X is not set (write ${X:-…} for a default)\n"
        "  line 8: registrys: is unknown; did you mean 'registries'?\n"
        "  line 10: defaults.newer_than: 'soon' is not a duration (write for example 90s, 12h or "
        "7d)");
}

TEST_CASE("with checked references, missing files and variables are mistakes") {
  const test::TemporaryFolder folder;
  const auto here = folder.path().string();
  std::ofstream(here + "/there") << "x\n";
  const auto text = [](const std::string& files, const std::string& variables) {
    return "version: 1\n"
           "registries:\n"
           "  a:\n"
           "    ca_file: " +
           files +
           "\n"
           "    client_cert: " +
           files +
           "\n"
           "    client_key: " +
           files +
           "\n"
           "    credentials:\n"
           "      username_env: " +
           variables +
           "\n"
           "      password_file: " +
           files +
           "\n"
           "  b:\n"
           "    credentials: {username: bob, password_env: " +
           variables +
           "}\n"
           "mirrors: [{source: a, destination: b}]\n";
  };
  const auto said = [&](const std::string& written) -> std::string {
    try {
      parse_runnable_config(written, "f",
                            environment({{"SET", "x"}, {"EMPTY", ""}, {"DIR", here}}));
      return "";
    } catch (const Error& error) {
      return error.message();
    }
  };
  CHECK(said(text(here + "/there", "SET")).empty());
  CHECK(said(text("/no/such", "UNSET")) ==
        "f has 6 mistakes\n"
        "  line 4: registries.a.ca_file: '/no/such' cannot be read (No such file or directory)\n"
        "  line 5: registries.a.client_cert: '/no/such' cannot be read (No such file or "
        "directory)\n"
        "  line 6: registries.a.client_key: '/no/such' cannot be read (No such file or "
        "directory)\n"
        "  line 8: registries.a.credentials.username_env: the variable UNSET is not set\n"
        "  line 9: registries.a.credentials.password_file: '/no/such' cannot be read (No such file "
        "or directory)\n"
        "  line 11: registries.b.credentials.password_env: the variable UNSET is not set");
  CHECK(said(text(here, "EMPTY")).find("cannot be read (Is a directory)") != std::string::npos);
  const auto secret = said(text("${DIR}/none", "SET"));
  CHECK(secret.find("is wrong once its variables are filled in (No such file") !=
        std::string::npos);
  CHECK(secret.find(here) == std::string::npos);
  CHECK(mistakes(text("/no/such", "UNSET")).empty());
}

TEST_CASE("of thousands of mistakes only some are shown, and all counted") {
  std::string rules;
  for (int i = 0; i < 5000; ++i) {
    rules += "    unknown" + std::to_string(i) + ": x\n";
  }
  const auto message = mistakes(with_rules(rules));
  CHECK(message.find("has 5000 mistakes") != std::string::npos);
  CHECK(message.size() < 10'000);
}

TEST_CASE("variables are substituted") {
  const Variables variables = {{"X", "x"}, {"EMPTY", ""}, {"DOLLAR", "${X}"}};
  struct Row {
    const char* written;
    const char* value;
  };
  const Row rows[] = {
      {"${X}", "x"},        {"a${X}b${X}", "axbx"}, {"${X:-y}", "x"},      {"${Y:-y}", "y"},
      {"${EMPTY:-y}", "y"}, {"a${EMPTY}", "a"},     {"a${Y:-}", "a"},      {"$${X}", "${X}"},
      {"$X", "$X"},         {"$$X", "$$X"},         {"${DOLLAR}", "${X}"}, {"a$", "a$"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto config =
        parse(with_rules("    repositories_from: '" + std::string(row.written) + "'\n"), variables);
    CHECK(config.mirrors[0].repositories_from == row.value);
  }
}

TEST_CASE("values of variables are in no message") {
  const Variables variables = {{"S", "s3cr3t!"}};
  for (const char* rules : {
           "    semver: ${S}\n",
           "    latest: 1${S}\n",
           "    newer_than: ${S}\n",
           "    tags: ['[${S}']\n",
           "    rename: [{from: '${S}', to: $1}]\n",
           "    rename: [{from: a, to: '${S}$1'}]\n",
           "    prune: ${S}\n",
           "    prune: {limit: '${S}'}\n",
           "    repositories: {include: '/(${S}/'}\n",
           "defaults: {jobs: '${S}'}\n",
           "defaults: {bandwidth: '${S}'}\n",
           "defaults: {bandwidth: [1MB, '${S}']}\n",
           "defaults: {bandwidth: [8:00-9:00: '${S}']}\n",
           "registries: {'${S}': {}}\n",
           "registries: {h: {jobs: '${S}'}}\n",
           "registries: {h: {requests_per_second: '${S}'}}\n",
           "registries: {h: {credentials: '${S}'}}\n",
           "registries: {h: {credentials: {password: '${S}'}}}\n",
       }) {
    CAPTURE(rules);
    const auto message = mistakes(with_rules(rules), variables);
    CHECK_FALSE(message.empty());
    CHECK(message.find("s3cr3t") == std::string::npos);
  }
}

TEST_CASE("YAML's anchors and merges may be used") {
  const auto config = parse("version: 1\n"
                            "mirrors:\n"
                            "  - &base {source: a:1, destination: b:1, latest: 3, semver: ^1}\n"
                            "  - {<<: *base, latest: 5}\n");
  REQUIRE(config.mirrors.size() == 2);
  CHECK(config.mirrors[1].rules.latest == 5);
  CHECK(config.mirrors[1].rules.semver == SemverRange::parse("^1"));
}

TEST_CASE("credentials are looked up where the file says") {
  const auto variables = environment({{"U", "bob"}, {"P", "secret"}, {"EMPTY", ""}});
  auto credential = resolve_credential({"", "U", "", "P"}, variables);
  CHECK(credential.username == "bob");
  CHECK(credential.password.reveal() == "secret");
  CHECK(credential.origin == "P");
  CHECK_THROWS_AS(resolve_credential({"bob", "", "", "NONE"}, variables), Error);
  CHECK_THROWS_AS(resolve_credential({"", "EMPTY", "", "P"}, variables), Error);

  char folder[] = "/tmp/regctl-credential-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const auto file = std::filesystem::path(folder) / "password";
  std::ofstream(file) << "from file\r\nsecond line\n";
  credential = resolve_credential({"bob", "", file.string(), ""}, variables);
  CHECK(credential.username == "bob");
  CHECK(credential.password.reveal() == "from file");
  CHECK(credential.origin == file.string());
  std::ofstream(file) << "\n";
  CHECK_THROWS_AS(resolve_credential({"bob", "", file.string(), ""}, variables), Error);
  std::filesystem::remove_all(folder);
  CHECK_THROWS_AS(resolve_credential({"bob", "", file.string(), ""}, variables), Error);
}

TEST_SUITE_END();
