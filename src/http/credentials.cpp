// SPDX-License-Identifier: Apache-2.0
#include "http/credential_helper.hpp"
#include "http/docker_config.hpp"
#include "http/home.hpp"

#include <regctl/http/credentials.hpp>

#include <cstdlib>
#include <map>
#include <mutex>

namespace regctl::http {

namespace {

std::filesystem::path default_docker_config() {
  const char* configured = std::getenv("DOCKER_CONFIG");
  const bool is_set = configured != nullptr && *configured != '\0';
  return (is_set ? std::filesystem::path(configured) : home_folder() / ".docker") / "config.json";
}

std::optional<Credential> from_environment() {
  const char* username = std::getenv("REGCTL_USERNAME");
  const char* password = std::getenv("REGCTL_PASSWORD");
  if (username == nullptr || *username == '\0' || password == nullptr) {
    return std::nullopt;
  }
  return Credential{username, Secret(password), {}, "REGCTL_USERNAME and REGCTL_PASSWORD"};
}

} // namespace

class Credentials::State {
public:
  explicit State(Options options) : options_(std::move(options)) {
    if (options_.docker_config.empty()) {
      options_.docker_config = default_docker_config();
    }
  }

  std::optional<Credential> find(const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = known_.try_emplace(host);
    if (is_new) {
      try {
        known->second = look_up(host);
      } catch (...) {
        known_.erase(known);
        throw;
      }
      tell(host, known->second);
    }
    return known->second;
  }

  std::string store(const std::string& host, const Credential& credential) {
    const std::lock_guard lock(mutex_);
    known_.erase(host);
    DockerConfig config(options_.docker_config);
    if (const auto name = config.helper(host)) {
      const CredentialHelper helper(*name);
      helper.store(config_keys(host).front(), credential);
      return helper.program();
    }
    config.set(host, credential);
    config.save();
    return config.file().string() + " (not encrypted)";
  }

  bool erase(const std::string& host) {
    const std::lock_guard lock(mutex_);
    known_.erase(host);
    DockerConfig config(options_.docker_config);
    bool erased = config.erase(host);
    if (erased) {
      config.save();
    }
    if (const auto name = config.helper(host)) {
      const CredentialHelper helper(*name);
      const auto key = config_keys(host).front();
      if (helper.get(key)) {
        helper.erase(key);
        erased = true;
      }
    }
    return erased;
  }

private:
  std::optional<Credential> look_up(const std::string& host) {
    if (const auto found = options_.by_host.find(host); found != options_.by_host.end()) {
      return found->second;
    }
    if (options_.from_flags) {
      return options_.from_flags;
    }
    if (auto credential = from_environment()) {
      return credential;
    }
    const DockerConfig config(options_.docker_config);
    if (const auto name = config.helper(host)) {
      const CredentialHelper helper(*name);
      for (const auto& key : {config_keys(host).front(), "https://" + host}) {
        if (auto credential = helper.get(key)) {
          return credential;
        }
      }
    }
    if (auto credential = config.find(host)) {
      return credential;
    }
    return DockerConfig(home_folder() / ".dockercfg").find(host);
  }

  void tell(const std::string& host, const std::optional<Credential>& credential) const {
    if (options_.note) {
      options_.note(credential ? "using the password of '" + credential->username + "' for " +
                                     host + " from " + credential->origin
                               : "no credentials are known for " + host);
    }
  }

  Options options_;
  std::mutex mutex_;
  std::map<std::string, std::optional<Credential>> known_;
};

Credentials::Credentials(Options options) : state_(std::make_unique<State>(std::move(options))) {}
Credentials::~Credentials() = default;

std::optional<Credential> Credentials::find(const std::string& host) {
  return state_->find(host);
}

std::string Credentials::store(const std::string& host, const Credential& credential) {
  return state_->store(host, credential);
}

bool Credentials::erase(const std::string& host) {
  return state_->erase(host);
}

} // namespace regctl::http
