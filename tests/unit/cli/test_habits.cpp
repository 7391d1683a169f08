// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/habits.hpp"
#include "unit/cli/program.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace regctl::cli;
using namespace regctl::test;

namespace {

Words split(std::string_view text, char at) {
  Words parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, at);) {
    parts.push_back(part);
  }
  return parts;
}

/// The hint to a command line, which must not do anything.
std::string hint_for(const Words& words) {
  Program program;
  CHECK(program.run(words) == ExitCode::usage);
  CHECK(program.calls.empty());
  CHECK(program.out().empty());
  const auto err = program.err();
  CHECK(err.find("secret") == std::string::npos);
  const auto begin = err.find("\nhint: ");
  REQUIRE(begin != std::string::npos);
  return err.substr(begin + 7, err.size() - begin - 8);
}

} // namespace

TEST_SUITE_BEGIN("cli/habits");

TEST_CASE("other programs' commands are answered with the line to type") {
  struct Row {
    const char* typed;
    const char* line;
  };
  const Row rows[] = {
      // regclient
      {"tag ls h:5000/app", "regctl tags h:5000/app"},
      {"tag delete h:5000/app:1", "regctl rm h:5000/app:1"},
      {"repo ls h:5000", "regctl search h:5000"},
      {"image copy h:5000/app:1 g:5000/app", "regctl copy h:5000/app:1 g:5000/app"},
      {"image export h:5000/app:1 x.tar", "regctl pull h:5000/app:1 x.tar"},
      {"image import h:5000/app:1 x.tar", "regctl push x.tar h:5000/app:1"},
      {"image inspect h:5000/app:1 --format {{.Config}}",
       "regctl inspect --format json h:5000/app:1"},
      {"registry login h:5000 -u bob", "regctl login -u bob h:5000"},
      {"copy ocidir://dir:1 h:5000/app", "regctl copy oci:dir:1 h:5000/app"},
      {"-v debug tag ls h:5000/app", nullptr},
      {"manifest head h:5000/app:1", "regctl digest h:5000/app:1"},
      {"manifest head --platform linux/arm64 h:5000/app:1",
       "regctl digest --platform linux/arm64 h:5000/app:1"},
      {"manifest delete h:5000/app@sha256:1", "regctl rm h:5000/app@sha256:1"},
      {"image digest h:5000/app:1", "regctl digest h:5000/app:1"},
      {"image manifest h:5000/app:1", "regctl manifest get h:5000/app:1"},
      {"image config h:5000/app:1", "regctl inspect --config h:5000/app:1"},
      {"image get-file --platform arm64 h:5000/app:1", "regctl layer files h:5000/app:1"},
      {"image copy --referrers h:5000/app:1 g:5000/app",
       "regctl copy --referrers h:5000/app:1 g:5000/app"},
      {"artifact tree h:5000/app:1", "regctl referrers h:5000/app:1"},
      {"manifest add h:5000/app:1 h:5000/app:arm", "regctl index add h:5000/app:1 h:5000/app:arm"},
      {"manifest index create h:5000/app:1", "regctl index make h:5000/app:1 IMAGE"},
      // skopeo
      {"list-tags docker://h:5000/app", "regctl tags docker://h:5000/app"},
      {"delete docker://h:5000/app:1", "regctl rm docker://h:5000/app:1"},
      {"sync --src docker --dest docker h:5000/app g:5000", "regctl mirror h:5000/app g:5000"},
      {"copy --creds bob:secret h:5000/app g:5000/app",
       "regctl copy --username bob --password-stdin h:5000/app g:5000/app"},
      {"copy --src-creds=bob:secret h:5000/app g:5000/app",
       "regctl login h:5000 --username bob && regctl copy h:5000/app g:5000/app"},
      {"copy --dest-creds bob:secret h:5000/app g:5000/app",
       "regctl login g:5000 --username bob && regctl copy h:5000/app g:5000/app"},
      {"copy --tls-verify h:5000/app g:5000/app", "regctl copy h:5000/app g:5000/app"},
      {"copy --tls-verify=true h:5000/app g:5000/app", "regctl copy h:5000/app g:5000/app"},
      {"copy --src-tls-verify h:5000/app g:5000/app", "regctl copy h:5000/app g:5000/app"},
      {"copy --tls-verify=false h:5000/app g:5000/app",
       "regctl copy --insecure h:5000/app g:5000/app"},
      {"copy --tls-verify false h:5000/app g:5000/app",
       "regctl copy --insecure h:5000/app g:5000/app"},
      {"copy --src-tls-verify=false h:5000/app g:5000/app",
       "regctl copy h:5000/app g:5000/app, with {\"registries\": {\"h:5000\": {\"insecure\": "
       "true}}} in ~/.config/regctl/config.json for that registry alone"},
      {"inspect --authfile a.json h:5000/app",
       "REGISTRY_AUTH_FILE=a.json regctl inspect h:5000/app"},
      {"copy --retry-times 3 h:5000/app g:5000/app", "regctl copy --retry 3 h:5000/app g:5000/app"},
      {"copy dir:/tmp/x h:5000/app",
       "skopeo copy dir:/tmp/x docker-archive:/tmp/x.tar && regctl copy /tmp/x.tar h:5000/app"},
      {"copy containers-storage:app h:5000/app", "podman save app | regctl copy - h:5000/app"},
      {"copy --format v2s2 h:5000/app g:5000/app", "regctl copy h:5000/app g:5000/app"},
      {"copy --all h:5000/app:1 g:5000/app", "regctl copy h:5000/app:1 g:5000/app"},
      {"copy --multi-arch all h:5000/app:1 g:5000/app", "regctl copy h:5000/app:1 g:5000/app"},
      {"copy -a h:5000/app:1 g:5000/app", "leave out -a: of a tag all platforms are copied anyway"},
      {"--override-arch arm64 copy h:5000/app:1 g:5000/app",
       "regctl copy --platform arm64 h:5000/app:1 g:5000/app"},
      // crane
      {"catalog h:5000", "regctl search h:5000"},
      {"manifest h:5000/app", "regctl manifest get h:5000/app"},
      {"blob h:5000/app@sha256:1", "regctl blob get h:5000/app@sha256:1"},
      {"config h:5000/app:1", "regctl inspect --config h:5000/app:1"},
      {"pull --format oci h:5000/app:1 oci:x", "regctl pull h:5000/app:1 oci:x"},
      {"auth login h:5000", "regctl login h:5000"},
      {"mutate h:5000/app", "see regctl --help"},
      // docker and podman
      {"save h:5000/app:1 -o x.tar", "regctl pull h:5000/app:1 x.tar"},
      {"save h:5000/app:1", "regctl pull h:5000/app:1 -"},
      {"load -i x.tar", "regctl copy x.tar docker-daemon:"},
      {"load --input=x.tar", "regctl copy x.tar docker-daemon:"},
      {"pull -o x.tar h:5000/app", "regctl pull h:5000/app x.tar"},
      {"rmi -f h:5000/app:1", "regctl rm h:5000/app:1"},
      {"image ls h:5000", "regctl images h:5000"},
      {"run -it --rm h:5000/app sh", "regctl pull h:5000/app - | docker load"},
      {"ps", "see regctl --help"},
      {"-k images h:5000", "regctl images --insecure h:5000"},
      // oras
      {"repo tags h:5000/app", "regctl tags h:5000/app"},
      {"manifest fetch h:5000/app:1", "regctl manifest get h:5000/app:1"},
      {"manifest fetch-config h:5000/app:1", "regctl inspect --config h:5000/app:1"},
      {"manifest push h:5000/app:1 m.json", "regctl manifest put h:5000/app:1 m.json"},
      {"resolve h:5000/app:1", "regctl digest h:5000/app:1"},
      {"discover --artifact-type a/b h:5000/app:1",
       "regctl referrers --artifact-type a/b h:5000/app:1"},
      {"blob fetch h:5000/app@sha256:1 --output x",
       "regctl blob get --output x h:5000/app@sha256:1"},
      {"blob push h:5000/app x", "regctl blob put h:5000/app x"},
      {"copy --from-username bob --from-password secret h:5000/app g:5000/app", nullptr},
      {"copy --concurrency 7 h:5000/app g:5000/app", "regctl copy --jobs 7 h:5000/app g:5000/app"},
      // image-syncer
      {"--images i.yaml --auth a.yaml --proc 6", "regctl mirror --config FILE"},
      // of all
      {"images -o json h:5000", "regctl images --format json h:5000"},
      {"images --json h:5000 --jobs 3", "regctl images --format json --jobs 3 h:5000"},
      {"images http://h:5000", "regctl images --plain-http h:5000"},
      {"images HTTPS://h:5000/v1/", "regctl images h:5000"},
      {"images http://localhost:5000/", "regctl images localhost:5000"},
      {"images https://bob:secret@h:5000", "regctl images h:5000"},
      {"mirror http://old:5000 new:5000",
       "regctl mirror old:5000 new:5000, with {\"registries\": {\"old:5000\": {\"plain_http\": "
       "true}}} in ~/.config/regctl/config.json for that registry alone"},
      {"login https://h:5000", "regctl login h:5000"},
      {"save", "regctl pull IMAGE"},
      {"image copy --help", "regctl copy --help"},
      {"-V", "regctl --version"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.typed);
    const auto hint = hint_for(split(row.typed, ' '));
    if (row.line != nullptr) {
      CHECK(hint == row.line);
    }
  }
}

TEST_CASE("a word with blanks is quoted in the line to type") {
  CHECK(hint_for({"save", "h:5000/app", "-o", "my 'own' app.tar"}) ==
        "regctl pull h:5000/app 'my '\\''own'\\'' app.tar'");
}

TEST_CASE("regctl's own commands and flags are not translated") {
  for (const char* typed :
       {"digest h:5000/app:1", "manifest get h:5000/app", "blob get h:5000/app@sha256:1 -o x",
        "pull --platform arm64 h:5000/app x", "layer get h:5000/app -o x", "serve -s dir",
        "search h:5000 --", "ls h:5000/app", "tag h:5000/app:1 list", "images -q h:5000",
        "copy -a h:5000/app g:5000", "ping --format=json h", "ping -- h",
        "mirror -n old:5000 new:5000 --exclude save"}) {
    CAPTURE(typed);
    CHECK_NOTHROW(refuse_foreign_habits(CommandLine().manual(), split(typed, ' ')));
  }
}

TEST_CASE("an unsafe flag is not proposed for a word that only resembles it") {
  Program program;
  for (const char* flag : {"--tls-verify", "--verify", "--no-very", "--yess", "--forces"}) {
    CAPTURE(flag);
    CHECK(program.run({"copy", flag, "h:5000/a", "g:5000/a"}) == ExitCode::usage);
    for (const char* risky : {"--insecure", "--plain-http", "--force", "--yes", "--no-verify?"}) {
      CHECK((program.err().find(std::string("did you mean ") + risky) == std::string::npos ||
             std::string(flag).starts_with("--no-ver")));
    }
  }
}

TEST_CASE("the tables of habits agree with the commands") {
  const CommandLine line;
  std::set<std::string_view> names;
  for (const auto& command : foreign_commands()) {
    CAPTURE(command.name);
    CHECK(names.insert(command.name).second);
    CHECK(line.manual().find(command.name) == nullptr);
    using Kind = ForeignCommand::Words;
    if (command.words != Kind::none && command.words != Kind::piped) {
      const auto name = command.ours.substr(0, command.ours.find(" -"));
      CHECK(line.manual().find(name) != nullptr);
    }
  }
  std::set<std::string> flags;
  for (const auto& flag : foreign_flags()) {
    for (const auto& name : split(flag.names, ',')) {
      CAPTURE(name);
      CHECK(flags.insert(name).second);
      for (const auto& ours : line.manual().global_flags) {
        CHECK(std::find(ours.names.begin(), ours.names.end(), name) == ours.names.end());
      }
    }
  }
}

TEST_CASE("every command and flag of the tables gets an answer") {
  for (const auto& command : foreign_commands()) {
    auto words = split(command.name, ' ');
    words.insert(words.end(), {"h:5000/app", "--src-creds", "bob:secret"});
    CAPTURE(command.name);
    CHECK_FALSE(hint_for(words).empty());
  }
  for (const auto& flag : foreign_flags()) {
    for (const auto& name : split(flag.names, ',')) {
      CAPTURE(name);
      CHECK(hint_for({"tags", name, "v", "h:5000/app"}).starts_with("regctl ") ==
            (flag.meaning != ForeignFlag::Meaning::variable));
    }
  }
}

TEST_SUITE_END();
