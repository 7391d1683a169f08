// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/found_key.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

namespace regctl::test {

/// A user of AWS: the environment, a home, and servers that hand out keys.
struct AwsUser {
  static constexpr std::time_t k_now = 1'400'000'000; // 2014-05-13T16:53:20Z

  /// Writes a file into the home; returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = home / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  void write_config(const std::string& text) const { write(".aws/config", text); }
  void write_credentials(const std::string& text) const { write(".aws/credentials", text); }

  /// What the sources look at; good until the next call.
  objects::KeyLookup lookup() {
    profiles.emplace(environment, home.path());
    return {server, environment, *profiles, std::chrono::system_clock::from_time_t(k_now)};
  }

  TemporaryFolder home;
  std::map<std::string, std::string> variables;
  Environment environment = [this](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  FakeServer server{"https://sts.amazonaws.com"};
  std::optional<objects::AwsProfiles> profiles;
};

/// STS's answer to an action: a temporary key that ends an hour after AwsUser::k_now.
inline Reply sts_answer(const std::string& action, const std::string& id) {
  return {200, "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" +
                   action + "Result><Credentials><AccessKeyId>" + id +
                   "</AccessKeyId><SecretAccessKey>secret of " + id +
                   "</SecretAccessKey><SessionToken>token of " + id +
                   "</SessionToken><Expiration>2014-05-13T17:53:20Z</Expiration></Credentials></" +
                   action + "Result></" + action + "Response>"};
}

/// The JSON of a temporary key, with its token as `token_name`.
inline std::string json_key(const std::string& id, const std::string& token_name = "Token",
                            const std::string& end = "2014-05-13T17:53:20Z") {
  return R"({"Code": "Success", "Version": 1, "AccessKeyId": ")" + id +
         R"(", "SecretAccessKey": "secret of )" + id + R"(", ")" + token_name + R"(": "token of )" +
         id + R"(", "Expiration": ")" + end + "\"}";
}

/// Checks that `found` is the temporary key `id` of the two functions above.
inline void check_temporary(const objects::FoundKey& found, const std::string& id) {
  CHECK(found.key.id == id);
  CHECK(found.key.secret.reveal() == "secret of " + id);
  CHECK(found.key.session_token.reveal() == "token of " + id);
  CHECK(found.ends == std::chrono::system_clock::from_time_t(AwsUser::k_now + 3600));
}

} // namespace regctl::test
