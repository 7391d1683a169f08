// SPDX-License-Identifier: Apache-2.0
#include "http/docker_config.hpp"

#include <regctl/base/base64.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace regctl::http {

namespace {

constexpr std::uint64_t k_limit_bytes = 16 * 1024 * 1024;

/// Removes the line breaks that some tools put into base64.
std::string without_line_breaks(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

/// Reads an entry of auths. "auth" is base64 of user:password; old files have two separate members.
std::optional<Credential> read_entry(const Json& entry) {
  Credential credential;
  if (const auto packed = optional_string(entry, "auth")) {
    auto plain = base64_decode(without_line_breaks(*packed));
    // Docker 1.x padded with zero bytes.
    plain.erase(plain.find_last_not_of('\0') + 1);
    const auto colon = plain.find(':');
    if (colon == std::string::npos) {
      throw Error(ErrorKind::protocol, "no colon in auth");
    }
    credential.username = plain.substr(0, colon);
    credential.password = Secret(plain.substr(colon + 1));
  } else {
    credential.username = optional_string(entry, "username").value_or("");
    credential.password = Secret(optional_string(entry, "password").value_or(""));
  }
  credential.identity_token = Secret(optional_string(entry, "identitytoken").value_or(""));
  if (credential.username.empty() && credential.identity_token.empty()) {
    return std::nullopt;
  }
  return credential;
}

/// Parses a JSON object. Errors leave out the parser's message, which would quote the secrets in
/// the text.
Json parse(const std::string& text, const std::string& what) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Json::object();
  }
  auto document = find_json(text);
  if (!document || !document->is_object()) {
    throw Error(ErrorKind::usage, what + " is not a JSON object",
                what.starts_with('\'')
                    ? "mend it, or name another one with DOCKER_CONFIG or REGISTRY_AUTH_FILE"
                    : "it is to have the text of a config.json");
  }
  return std::move(*document);
}

/// The host that a key names: "host:5000" for "host:5000", "https://host:5000/v1/" and
/// "host:5000/v2/". Nothing for the key of a repository or namespace.
std::optional<std::string> host_of(const std::string& key) {
  std::string_view rest = key;
  bool has_scheme = false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      has_scheme = true;
      break;
    }
  }
  const auto host = rest.substr(0, rest.find('/'));
  const auto path = rest.substr(host.size());
  if (!has_scheme && !path.empty() && path != "/" && path != "/v1/" && path != "/v2/") {
    return std::nullopt;
  }
  return lower(std::string(host));
}

bool is_key_of(const std::string& key, const std::string& host) {
  const auto named = host_of(key);
  return named && (*named == host || (is_docker_hub(*named) && is_docker_hub(host)));
}

} // namespace

std::string config_key(const std::string& host) {
  return is_docker_hub(host) ? "https://index.docker.io/v1/" : host;
}

DockerConfig::DockerConfig(std::filesystem::path file)
    : file_(std::move(file)), name_(file_.string()), document_(Json::object()) {
  std::error_code ignored;
  if (std::filesystem::exists(file_, ignored)) {
    document_ = parse(read_file(file_, k_limit_bytes), "'" + name_ + "'");
  }
}

DockerConfig::DockerConfig(const std::string& text, const std::string& name)
    : name_(name), document_(parse(text, name)) {}

std::optional<std::string> DockerConfig::host_helper(const std::string& host) const {
  const auto* helpers = find_member(document_, "credHelpers");
  if (helpers == nullptr || !helpers->is_object()) {
    return std::nullopt;
  }
  for (const auto& entry : helpers->items()) {
    if (is_key_of(entry.key(), host)) {
      if (auto name = optional_string(*helpers, entry.key())) {
        return name;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> DockerConfig::helper(const std::string& host) const {
  auto own = host_helper(host);
  return own ? own : optional_string(document_, "credsStore");
}

const Json& DockerConfig::entries() const {
  const auto* auths = find_member(document_, "auths");
  return auths != nullptr ? *auths : document_;
}

std::optional<Credential> DockerConfig::read(const std::string& key, const Json& entry,
                                             const std::string& host) const {
  try {
    auto credential = read_entry(entry);
    if (credential) {
      credential->origin = is_key_of(key, host) ? name_ : name_ + " (" + key + ")";
    }
    return credential;
  } catch (const Error&) {
    throw Error(ErrorKind::usage,
                (file_.empty() ? name_ : "'" + name_ + "'") + ": the entry \"" + key +
                    "\" cannot be read",
                "run 'regctl login " + host + "' to write it anew");
  }
}

std::optional<Credential> DockerConfig::find(const std::string& host) const {
  const auto& all = entries();
  if (!all.is_object()) {
    return std::nullopt;
  }
  const auto key = config_key(host);
  if (const auto* entry = find_member(all, key)) { // the usual key comes first
    if (auto credential = read(key, *entry, host)) {
      return credential;
    }
  }
  for (const auto& [other, entry] : all.items()) {
    if (other != key && is_key_of(other, host)) {
      if (auto credential = read(other, entry, host)) {
        return credential;
      }
    }
  }
  return std::nullopt;
}

std::optional<Credential> DockerConfig::find_repository(const std::string& host,
                                                        const std::string& repository) const {
  for (auto path = repository; !path.empty(); path.resize(split_path(path).folder.size())) {
    const auto key = host + "/" + path;
    if (const auto* entry = find_member(entries(), key)) {
      if (auto credential = read(key, *entry, host)) {
        return credential;
      }
    }
  }
  return std::nullopt;
}

std::optional<Credential> DockerConfig::find_any_repository(const std::string& host) const {
  const auto& all = entries();
  if (!all.is_object()) {
    return std::nullopt;
  }
  for (const auto& [key, entry] : all.items()) {
    if (key.starts_with(host + "/") && !is_key_of(key, host)) {
      if (auto credential = read(key, entry, host)) {
        return credential;
      }
    }
  }
  return std::nullopt;
}

bool DockerConfig::has_passwords() const {
  const auto& all = entries();
  return all.is_object() && std::any_of(all.begin(), all.end(), [](const Json& entry) {
           const auto is_set = [&](const char* name) {
             return !optional_string(entry, name).value_or("").empty();
           };
           return is_set("auth") || is_set("password") || is_set("identitytoken");
         });
}

std::optional<std::string> DockerConfig::exposure() const {
  struct ::stat found = {};
  if (file_.empty() || ::stat(file_.c_str(), &found) != 0) {
    return std::nullopt;
  }
  const auto named = "'" + name_ + "'";
  const auto remedy = "chmod 600 " + name_;
  if (found.st_uid != ::geteuid() && found.st_uid != 0) {
    return named + " belongs to another user, who can change which passwords are used and which "
                   "programs are run for them";
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return named +
           " can be written by other users, who can change which passwords are used and "
           "which programs are run for them: " +
           remedy;
  }
  if ((found.st_mode & (S_IRGRP | S_IROTH)) != 0 && has_passwords()) {
    return named + " can be read by other users, and has passwords in it: " + remedy;
  }
  return std::nullopt;
}

void DockerConfig::set(const std::string& host, const Credential& credential) {
  erase(host);
  auto& entry = document_["auths"][config_key(host)];
  entry["auth"] = base64_encode(credential.username + ":" + credential.password.reveal());
}

bool DockerConfig::erase(const std::string& host) {
  const auto auths = document_.find("auths");
  if (auths == document_.end() || !auths->is_object()) {
    return false;
  }
  std::vector<std::string> keys;
  for (const auto& [key, entry] : auths->items()) {
    if (is_key_of(key, host)) {
      keys.push_back(key);
    }
  }
  for (const auto& key : keys) {
    auths->erase(key);
  }
  return !keys.empty();
}

void DockerConfig::save() const {
  std::error_code ignored;
  if (std::filesystem::create_directories(file_.parent_path(), ignored)) {
    std::filesystem::permissions(file_.parent_path(), std::filesystem::perms::owner_all, ignored);
  }
  AtomicFile out(file_, 0600);
  const auto text = document_.dump(1, '\t') + "\n";
  out.write(as_bytes(text));
  out.commit();
}

} // namespace regctl::http
