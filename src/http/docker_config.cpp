// SPDX-License-Identifier: Apache-2.0
#include "http/docker_config.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>

namespace regctl::http {

namespace {

constexpr std::uint64_t k_limit_bytes = 16 * 1024 * 1024;

/// One entry of auths: "auth" is base64 of user:password; old files have them apart.
std::optional<Credential> read_entry(const Json& entry) {
  Credential credential;
  if (const auto packed = optional_string(entry, "auth")) {
    auto plain = base64_decode(*packed);
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

} // namespace

std::vector<std::string> config_keys(const std::string& host) {
  std::vector<std::string> keys = {host};
  for (const char* scheme : {"https://", "http://"}) {
    for (const char* path : {"", "/", "/v1/", "/v2/", "/v1", "/v2"}) {
      keys.push_back(scheme + host + path);
    }
  }
  if (host == "docker.io" || host == "index.docker.io") {
    keys.insert(keys.begin(), "https://index.docker.io/v1/");
  }
  return keys;
}

DockerConfig::DockerConfig(std::filesystem::path file) : file_(std::move(file)) {
  document_ = Json::object();
  std::error_code ignored;
  if (!std::filesystem::exists(file_, ignored)) {
    return;
  }
  const auto text = read_file(file_, k_limit_bytes);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return;
  }
  auto document = find_json(text); // the parser's own words would quote what stands there
  if (!document || !document->is_object()) {
    throw Error(ErrorKind::usage, "'" + file_.string() + "' is not a JSON object",
                "mend it, or name another folder with DOCKER_CONFIG");
  }
  document_ = std::move(*document);
}

std::optional<std::string> DockerConfig::helper(const std::string& host) const {
  if (const auto* helpers = find_member(document_, "credHelpers")) {
    for (const auto& key : config_keys(host)) {
      if (auto name = optional_string(*helpers, key)) {
        return name;
      }
    }
  }
  return optional_string(document_, "credsStore");
}

std::optional<Credential> DockerConfig::find(const std::string& host) const {
  const auto* auths = find_member(document_, "auths");
  const auto& entries = auths != nullptr ? *auths : document_;
  for (const auto& key : config_keys(host)) {
    const auto* entry = find_member(entries, key);
    if (entry == nullptr) {
      continue;
    }
    try {
      if (auto credential = read_entry(*entry)) {
        credential->origin = file_.string();
        return credential;
      }
    } catch (const Error&) {
      throw Error(ErrorKind::usage,
                  "'" + file_.string() + "': the entry \"" + key + "\" cannot be read",
                  "run 'regctl login " + host + "' to write it anew");
    }
  }
  return std::nullopt;
}

void DockerConfig::set(const std::string& host, const Credential& credential) {
  erase(host);
  auto& entry = document_["auths"][config_keys(host).front()];
  entry["auth"] = base64_encode(credential.username + ":" + credential.password.reveal());
}

bool DockerConfig::erase(const std::string& host) {
  bool erased = false;
  if (find_member(document_, "auths") != nullptr && document_["auths"].is_object()) {
    for (const auto& key : config_keys(host)) {
      erased = document_["auths"].erase(key) > 0 || erased;
    }
  }
  return erased;
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
