// SPDX-License-Identifier: Apache-2.0
#include "objects/credentials/profiles.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>

#include <algorithm>

namespace regctl::objects {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_file_limit_bytes = 1024 * 1024;
constexpr std::string_view k_default = "default";

/// The file that `variable` names, else the one of this name in ~/.aws; empty without a home.
fs::path find_file(const Environment& environment, const fs::path& home, const char* variable,
                   const char* name) {
  const auto named = environment(variable);
  if (!named) {
    return home.empty() ? fs::path() : home / ".aws" / name;
  }
  return named->starts_with("~/") ? home / named->substr(2) : fs::path(*named);
}

std::vector<IniSection> read_sections(const fs::path& file) {
  std::error_code ignored;
  if (file.empty() || !fs::exists(file, ignored)) {
    return {};
  }
  return parse_ini(read_file(file, k_file_limit_bytes), "'" + file.string() + "'");
}

/// The name behind `kind` ("profile", "services") in the name of a section; nothing for a section
/// of another kind, and for a name of several words, which is none.
std::optional<std::string> name_of(std::string_view section, std::string_view kind) {
  const auto rest = section.starts_with(kind) ? section.substr(kind.size()) : std::string_view();
  const auto name = trim(rest);
  const bool is_apart = name.size() < rest.size();
  return is_apart && name.find_first_of(" \t") == std::string_view::npos
             ? std::optional<std::string>(name)
             : std::nullopt;
}

/// Adds properties to those of a name; they count more than what is there.
void merge(IniProperties& known, IniProperties added) {
  added.merge(known);
  known = std::move(added);
}

} // namespace

std::string AwsProfile::describe() const {
  return "profile '" + excerpt(name) + "'";
}

std::optional<std::string> AwsProfile::find(std::string_view property) const {
  const auto found = properties.find(property);
  return found == properties.end() || found->second.empty() ? std::nullopt
                                                            : std::optional(found->second);
}

std::optional<std::string> AwsProfile::find(std::string_view property,
                                            std::string_view nested) const {
  const auto found = properties.find(property);
  return found == properties.end() ? std::nullopt : find_nested(found->second, nested);
}

AwsProfiles::AwsProfiles(const Environment& environment, const fs::path& home)
    : selected_(environment("AWS_PROFILE")),
      credentials_file_(find_file(environment, home, "AWS_SHARED_CREDENTIALS_FILE", "credentials")),
      config_file_(find_file(environment, home, "AWS_CONFIG_FILE", "config")) {
  add_config(read_sections(config_file_));
  add_credentials(read_sections(credentials_file_));
}

void AwsProfiles::add_config(std::vector<IniSection> sections) {
  // "[default]" needs no "profile" before it, but does not count beside one that has it.
  const bool has_full_default =
      std::any_of(sections.begin(), sections.end(), [](const IniSection& section) {
        return name_of(section.name, "profile") == k_default;
      });
  for (auto& section : sections) {
    if (const auto profile = name_of(section.name, "profile")) {
      add_profile(*profile, std::move(section.properties));
    } else if (const auto services = name_of(section.name, "services")) {
      merge(services_[*services], std::move(section.properties));
    } else if (section.name == k_default && !has_full_default) {
      add_profile(section.name, std::move(section.properties));
    }
  }
}

void AwsProfiles::add_credentials(std::vector<IniSection> sections) {
  for (auto& section : sections) {
    if (section.name.find_first_of(" \t") == std::string::npos) {
      add_profile(section.name, std::move(section.properties));
    }
  }
}

void AwsProfiles::add_profile(const std::string& name, IniProperties properties) {
  auto& profile = profiles_.try_emplace(name, AwsProfile{name}).first->second;
  merge(profile.properties, std::move(properties));
}

const AwsProfile* AwsProfiles::find(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

const AwsProfile* AwsProfiles::selected() const {
  const auto* profile = find(selected_ ? std::string_view(*selected_) : k_default);
  if (profile == nullptr && selected_) {
    throw Error(ErrorKind::usage,
                "there is no profile '" + excerpt(*selected_) + "', which AWS_PROFILE names, in " +
                    files(),
                "name one that is there, or unset AWS_PROFILE");
  }
  return profile;
}

std::optional<std::string> AwsProfiles::find_service(std::string_view services,
                                                     std::string_view service,
                                                     std::string_view property) const {
  const auto section = services_.find(services);
  if (section == services_.end()) {
    return std::nullopt;
  }
  const auto found = section->second.find(service);
  return found == section->second.end() ? std::nullopt : find_nested(found->second, property);
}

std::string AwsProfiles::files() const {
  return credentials_file_.empty()
             ? "'" + config_file_.string() + "'"
             : "'" + credentials_file_.string() + "' and '" + config_file_.string() + "'";
}

} // namespace regctl::objects
