// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "objects/credentials/ini.hpp"

#include <regctl/base/environment.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::objects {

/// A profile of Amazon's shared files: what both files say of it.
struct AwsProfile {
  std::string name;
  IniProperties properties = {};

  /// "profile 'NAME'", for messages.
  [[nodiscard]] std::string describe() const;
  /// A property; nothing if it is not there, or empty.
  [[nodiscard]] std::optional<std::string> find(std::string_view property) const;
  /// A nested property, as "addressing_style" of "s3".
  [[nodiscard]] std::optional<std::string> find(std::string_view property,
                                                std::string_view nested) const;
};

/// The profiles of a user: those of the file of credentials ($AWS_SHARED_CREDENTIALS_FILE, else
/// ~/.aws/credentials) and of the configuration ($AWS_CONFIG_FILE, else ~/.aws/config), merged; of
/// properties in both the former's counts. Source: AWS SDKs and Tools Reference Guide, "Shared
/// config and credentials files".
class AwsProfiles {
public:
  /// Reads the files, which may be missing. Without a `home` only those that the environment names.
  /// Throws Error{usage} for a malformed one, Error{local_io} for one that cannot be read.
  AwsProfiles(const Environment& environment, const std::filesystem::path& home);

  [[nodiscard]] const AwsProfile* find(std::string_view name) const;

  /// The profile that AWS_PROFILE names, else "default". Nothing if there is no "default"; throws
  /// Error{usage} if there is none of the name.
  [[nodiscard]] const AwsProfile* selected() const;

  /// A nested property in the section "[services NAME]", as "endpoint_url" of "s3".
  [[nodiscard]] std::optional<std::string> find_service(std::string_view services,
                                                        std::string_view service,
                                                        std::string_view property) const;

  /// "'FILE' and 'FILE'", for messages.
  [[nodiscard]] std::string files() const;

private:
  void add_config(std::vector<IniSection> sections);
  void add_credentials(std::vector<IniSection> sections);
  void add_profile(const std::string& name, IniProperties properties);

  std::optional<std::string> selected_; ///< by AWS_PROFILE
  std::filesystem::path credentials_file_;
  std::filesystem::path config_file_;
  std::map<std::string, AwsProfile, std::less<>> profiles_;
  std::map<std::string, IniProperties, std::less<>> services_;
};

} // namespace regctl::objects
