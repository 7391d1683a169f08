// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/base/user_folders.hpp>
#include <regctl/http/aws_signer.hpp>
#include <regctl/http/transport.hpp>
#include <regctl/objects/bucket.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

struct CredentialOptions {
  Environment environment = process_environment;
  /// The folder of which `.aws` has the shared files; empty: no such folder.
  std::filesystem::path home = own_home_folder();
  /// The time by which temporary keys end.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
  /// Receives a sentence for --verbose ("using the key AKIA… of profile 'dev'"), without a secret;
  /// called from any thread.
  std::function<void(const std::string&)> note = {};
};

/// Finds the key for buckets, and renews temporary ones. The places, of which the first that has a
/// key wins:
/// 1. the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; AWS_KEY,
///    AWS_SECRET;
/// 2. a web identity: AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME, which STS
///    takes for a key;
/// 3. the profile AWS_PROFILE, or "default", of ~/.aws/credentials and ~/.aws/config
///    ($AWS_SHARED_CREDENTIALS_FILE, $AWS_CONFIG_FILE): a key, a role (source_profile or
///    credential_source), a web identity, or a credential_process;
/// 4. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI,
///    with the token in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or
///    AWS_CONTAINER_AUTHORIZATION_TOKEN;
/// 5. the instance, by its metadata service (version 2), unless AWS_EC2_METADATA_DISABLED is true.
///
/// A place that is configured and gives no key is an error, not a reason to look further: the next
/// place could have the key of somebody else. Thread-safe. Source: AWS SDKs and Tools Reference
/// Guide, "Standardized credential providers"; botocore 1.29.
class CredentialChain {
public:
  /// `transport` must outlive it.
  explicit CredentialChain(http::Transport& transport, CredentialOptions options = {});
  ~CredentialChain();
  CredentialChain(const CredentialChain&) = delete;
  CredentialChain& operator=(const CredentialChain&) = delete;

  /// The key. It is kept, and renewed five minutes before its end, or, if it was good for less than
  /// ten, at half of its time. Threads that need a new one wait for one of them, which fetches it;
  /// a key that is still good is used meanwhile, and if it cannot be renewed, up to its end.
  /// May be called while signing a request: it waits for no room at a host.
  ///
  /// Throws Error{denied} naming all places if none has a key, and if a place refuses one;
  /// Error{usage} for half a key and for malformed settings; Error{unsupported} for profiles that
  /// need a browser or a device (SSO, MFA); Error{unavailable}, Error{protocol}, Error{local_io},
  /// Error{interrupted}.
  http::AwsKey key();

  /// The place of the key, for messages: "AWS_ACCESS_KEY_ID", "profile 'dev'". Fetches the key if
  /// there is none yet, and throws as key() does.
  std::string describe();

private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The settings of a user for all buckets.
struct S3Settings {
  std::string region;                ///< empty: none is set
  std::optional<http::Url> endpoint; ///< nothing: Amazon's; its target is "/"
  std::optional<Addressing> addressing;
  std::string ca_file; ///< of authorities, used instead of the system's; empty: those
};

/// Reads the settings from where the AWS SDKs do: AWS_REGION, AWS_DEFAULT_REGION;
/// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; AWS_CA_BUNDLE; else region, endpoint_url (of its services
/// too), addressing_style of s3, and ca_bundle of the profile. Throws Error{usage} for malformed
/// files and URLs. Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints";
/// botocore 1.29.
S3Settings find_s3_settings(const Environment& environment, const std::filesystem::path& home);

/// "https://SERVICE.REGION.amazonaws.com", in China with ".cn". Throws Error{usage} for a region
/// that is no part of a host name. Source: AWS General Reference, "Service endpoints".
http::Url amazon_endpoint(std::string_view service, std::string_view region);

} // namespace regctl::objects
