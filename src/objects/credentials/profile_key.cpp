// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/profile_key.hpp"

#include "objects/credentials/container.hpp"
#include "objects/credentials/environment.hpp"
#include "objects/credentials/instance.hpp"
#include "objects/credentials/process.hpp"
#include "objects/credentials/sts.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>

#include <algorithm>
#include <vector>

namespace regctl::objects {

namespace {

constexpr const char* k_id = "aws_access_key_id";
constexpr const char* k_secret = "aws_secret_access_key";

[[noreturn]] void refuse(const AwsProfile& profile, const std::string& why) {
  throw Error(ErrorKind::usage, profile.describe() + " " + why, "see ~/.aws/config");
}

std::optional<FoundKey> find_own_key(const AwsProfile& profile) {
  const auto id = profile.find(k_id);
  const auto secret = profile.find(k_secret);
  if (id.has_value() != secret.has_value()) {
    refuse(profile,
           std::string("has ") + (id ? k_id : k_secret) + ", but no " + (id ? k_secret : k_id));
  }
  if (!id) {
    return std::nullopt;
  }
  const auto token = profile.find("aws_session_token").value_or("");
  return FoundKey{
      {*id, http::Secret(*secret), http::Secret(token)}, std::nullopt, profile.describe()};
}

/// Refuses a profile that needs a browser or a device, if it has one of the properties.
void check_needs_no_login(const AwsProfile& profile,
                          std::initializer_list<const char*> properties) {
  for (const auto* property : properties) {
    if (profile.find(property)) {
      throw Error(ErrorKind::unsupported,
                  profile.describe() + " needs a login (" + property + "), which regctl cannot do",
                  "log in with the AWS CLI, then: eval \"$(aws configure export-credentials "
                  "--profile " +
                      excerpt(profile.name) + " --format env)\"");
    }
  }
}

/// The key of the selected profile. It follows source_profile from profile to profile.
class ProfileKey {
public:
  explicit ProfileKey(const KeyLookup& lookup) : lookup_(lookup) {}

  std::optional<FoundKey> find(const AwsProfile& profile) {
    visited_.push_back(profile.name);
    const auto token_file = profile.find("web_identity_token_file");
    const auto arn = profile.find("role_arn");
    if (token_file) {
      if (!arn) {
        refuse(profile, "has web_identity_token_file, but no role_arn");
      }
      return named(assume_role_with_web_identity(lookup_, role_of(profile, *arn), *token_file),
                   profile);
    }
    if (arn) {
      check_needs_no_login(profile, {"mfa_serial"});
      const auto source = find_source(profile);
      return named(assume_role(lookup_, role_of(profile, *arn), source.key), profile);
    }
    if (auto key = find_own_key(profile)) {
      return key;
    }
    if (const auto command = profile.find("credential_process")) {
      return run_credential_process(*command, profile.describe());
    }
    // Last, because programs for those who have no login write its keys into the profile.
    check_needs_no_login(profile, {"sso_session", "sso_start_url", "login_session"});
    return std::nullopt;
  }

private:
  static Role role_of(const AwsProfile& profile, const std::string& arn) {
    return {arn, profile.find("role_session_name"), profile.find("external_id"),
            profile.find("duration_seconds")};
  }

  static FoundKey named(FoundKey key, const AwsProfile& profile) {
    key.origin += " of " + profile.describe();
    return key;
  }

  /// The key that a role is assumed with.
  FoundKey find_source(const AwsProfile& profile) {
    const auto source_profile = profile.find("source_profile");
    const auto credential_source = profile.find("credential_source");
    if (source_profile.has_value() == credential_source.has_value()) {
      refuse(profile, std::string("has role_arn, and ") + (source_profile ? "both" : "neither") +
                          " of source_profile and credential_source");
    }
    return source_profile ? follow(profile, *source_profile)
                          : ask_source(profile, *credential_source);
  }

  FoundKey follow(const AwsProfile& profile, const std::string& name) {
    const auto* source = lookup_.profiles.find(name);
    if (source == nullptr) {
      refuse(profile, "names the source_profile '" + excerpt(name) + "', which is not there");
    }
    const bool is_itself = name == profile.name;
    const bool is_visited = std::find(visited_.begin(), visited_.end(), name) != visited_.end();
    auto own_key = is_itself || !is_visited ? find_own_key(*source) : std::nullopt;
    if (own_key) {
      return *own_key;
    }
    if (is_visited) {
      refuse(profile, "leads in a circle by source_profile");
    }
    auto key = find(*source);
    if (!key) {
      refuse(profile, "names the source_profile '" + excerpt(name) + "', which has no key");
    }
    return *key;
  }

  FoundKey ask_source(const AwsProfile& profile, const std::string& source) {
    std::optional<FoundKey> key;
    std::string reason = "it is not set";
    if (source == "Environment") {
      key = find_amazon_key(lookup_.environment);
    } else if (source == "EcsContainer") {
      key = find_container_key(lookup_);
    } else if (source == "Ec2InstanceMetadata") {
      auto answer = ask_instance(lookup_);
      key = std::move(answer.key);
      reason = std::move(answer.reason);
    } else {
      refuse(profile, "has a credential_source that is none of Environment, EcsContainer and "
                      "Ec2InstanceMetadata");
    }
    if (!key) {
      throw Error(ErrorKind::denied,
                  "credential_source " + source + " of " + profile.describe() +
                      " has no key: " + reason,
                  "see ~/.aws/config");
    }
    return *key;
  }

  const KeyLookup& lookup_;
  std::vector<std::string> visited_; // profiles on the way
};

} // namespace

std::optional<FoundKey> find_profile_key(const KeyLookup& lookup, const AwsProfile& profile) {
  return ProfileKey(lookup).find(profile);
}

std::optional<FoundKey> find_web_identity_key(const KeyLookup& lookup) {
  const auto token_file = lookup.environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (!token_file) {
    return std::nullopt;
  }
  const auto arn = lookup.environment("AWS_ROLE_ARN");
  if (!arn) {
    throw Error(ErrorKind::usage, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not",
                "set both, or neither");
  }
  const Role role{*arn, lookup.environment("AWS_ROLE_SESSION_NAME"), std::nullopt, std::nullopt};
  auto key = assume_role_with_web_identity(lookup, role, *token_file);
  key.origin += " of AWS_WEB_IDENTITY_TOKEN_FILE";
  return key;
}

} // namespace regctl::objects
