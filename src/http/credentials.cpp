// SPDX-License-Identifier: Apache-2.0
#include "http/credential_helper.hpp"
#include "http/docker_config.hpp"

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/user_folders.hpp>
#include <regctl/http/credentials.hpp>

#include <unistd.h>

#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace regctl::http {

namespace {

std::optional<std::string> environment(const std::string& name) {
  return without_empty(process_environment)(name);
}

std::filesystem::path default_docker_config() {
  const auto configured = environment("DOCKER_CONFIG");
  return (configured ? std::filesystem::path(*configured) : own_home_folder() / ".docker") /
         "config.json";
}

std::filesystem::path podman_runtime_folder() {
  const auto configured = runtime_folder(process_environment);
  return configured ? *configured / "containers"
                    : std::filesystem::path("/run/containers") / std::to_string(::geteuid());
}

std::optional<Credential> from_environment() {
  const auto username = environment("REGCTL_USERNAME");
  const auto password = environment("REGCTL_PASSWORD");
  if (username.has_value() != password.has_value()) {
    const std::string set = username ? "REGCTL_USERNAME" : "REGCTL_PASSWORD";
    const std::string missing = username ? "REGCTL_PASSWORD" : "REGCTL_USERNAME";
    throw Error(ErrorKind::usage, set + " is set, but " + missing + " is not, or is empty",
                "set both, or neither; in CI, see that the job gets the secret");
  }
  if (!username) {
    return std::nullopt;
  }
  return Credential{*username, Secret(*password), {}, "REGCTL_USERNAME and REGCTL_PASSWORD"};
}

enum class Paths { allowed, ignored }; ///< keys of repositories; .dockercfg has none

/// One file, or text, with credentials.
struct CredentialSource {
  DockerConfig config;
  Paths paths = Paths::allowed;
};

} // namespace

class Credentials::Impl {
public:
  explicit Impl(Options options) : options_(std::move(options)) {
    if (options_.docker_config.empty()) {
      options_.docker_config = default_docker_config();
    }
  }

  std::optional<Credential> find(const std::string& host, const std::string& repository) {
    const std::lock_guard lock(mutex_);
    auto credential = look_up(host, repository);
    tell(host, credential);
    return credential;
  }

  std::optional<Credential> find_any_repository(const std::string& host) {
    const std::lock_guard lock(mutex_);
    for (const auto& source : sources()) {
      if (source.paths == Paths::allowed) {
        if (auto credential = source.config.find_any_repository(host)) {
          return credential;
        }
      }
    }
    return std::nullopt;
  }

  std::string store(const std::string& host, const Credential& credential) {
    const std::lock_guard lock(mutex_);
    forget();
    DockerConfig config(options_.docker_config);
    if (const auto name = config.helper(host)) {
      const CredentialHelper helper(*name);
      helper.store(config_key(host), credential);
      return helper.program();
    }
    config.set(host, credential);
    config.save();
    return config.file().string() + " (not encrypted)";
  }

  bool erase(const std::string& host) {
    const std::lock_guard lock(mutex_);
    forget();
    DockerConfig config(options_.docker_config);
    bool erased = config.erase(host);
    if (erased) {
      config.save();
    }
    if (const auto name = config.helper(host)) {
      const CredentialHelper helper(*name);
      const auto key = config_key(host);
      if (helper.get(key)) {
        helper.erase(key);
        erased = true;
      }
    }
    return erased;
  }

private:
  std::optional<Credential> look_up(const std::string& host, const std::string& repository) {
    if (const auto found = options_.by_host.find(host); found != options_.by_host.end()) {
      return found->second;
    }
    if (options_.from_flags) {
      return options_.from_flags;
    }
    if (auto credential = from_environment()) {
      return credential;
    }
    for (const auto& source : sources()) {
      if (auto credential = look_up(source, host, repository)) {
        return credential;
      }
    }
    return std::nullopt;
  }

  std::optional<Credential> look_up(const CredentialSource& source, const std::string& host,
                                    const std::string& repository) {
    const auto own_helper = source.config.host_helper(host);
    std::optional<Credential> found;
    if (own_helper) {
      found = ask(*own_helper, host);
    }
    if (!found && source.paths == Paths::allowed) {
      found = source.config.find_repository(host, repository);
    }
    if (const auto helper = source.config.helper(host); !found && !own_helper && helper) {
      found = ask(*helper, host);
    }
    return found ? found : source.config.find(host);
  }

  /// Asks a helper, once per host.
  const std::optional<Credential>& ask(const std::string& name, const std::string& host) {
    const auto question = name + " " + host;
    if (const auto known = answers_.find(question); known != answers_.end()) {
      return known->second;
    }
    const CredentialHelper helper(name);
    std::optional<Credential> answer;
    for (const auto& key : {config_key(host), "https://" + host}) {
      if (!answer) {
        answer = helper.get(key);
      }
    }
    return answers_.emplace(question, std::move(answer)).first->second;
  }

  /// All sources, read once. Those that the user named must be valid. podman's files are skipped
  /// with a warning if they are not: the user did not ask for them.
  const std::vector<CredentialSource>& sources() {
    if (!sources_) {
      std::vector<CredentialSource> found;
      if (const auto text = environment("DOCKER_AUTH_CONFIG")) {
        found.push_back({DockerConfig(*text, "DOCKER_AUTH_CONFIG")});
      }
      if (const auto file = environment("REGISTRY_AUTH_FILE")) {
        check_is_there(*file);
        add(found, *file);
      }
      add(found, options_.docker_config);
      for (const auto& folder : {podman_runtime_folder(), own_config_folder() / "containers"}) {
        try {
          add(found, folder / "auth.json");
        } catch (const Error& error) {
          warn(error.message() + "; it is passed over");
        }
      }
      add(found, own_home_folder() / ".dockercfg", Paths::ignored);
      sources_ = std::move(found);
    }
    return *sources_;
  }

  static void check_is_there(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      throw Error(ErrorKind::usage,
                  "there is no file '" + file.string() + "', which REGISTRY_AUTH_FILE names",
                  "unset REGISTRY_AUTH_FILE, or see that the file is there");
    }
  }

  void add(std::vector<CredentialSource>& sources, const std::filesystem::path& file,
           Paths paths = Paths::allowed) const {
    sources.push_back({DockerConfig(file), paths});
    if (const auto exposure = sources.back().config.exposure()) {
      warn(*exposure);
    }
  }

  void forget() {
    sources_.reset();
    answers_.clear();
    told_.clear();
  }

  void warn(const std::string& sentence) const {
    if (options_.warn) {
      options_.warn(sentence);
    }
  }

  /// Notes each sentence once, because a registry is asked about many repositories.
  void tell(const std::string& host, const std::optional<Credential>& credential) {
    const auto sentence = credential ? "using the password of '" + credential->username + "' for " +
                                           host + " from " + credential->origin
                                     : "no credentials are known for " + host;
    if (options_.note && told_.insert(sentence).second) {
      options_.note(sentence);
    }
  }

  Options options_;
  std::mutex mutex_; ///< guards the members below
  std::optional<std::vector<CredentialSource>> sources_;
  std::map<std::string, std::optional<Credential>> answers_; ///< of helpers, by "HELPER HOST"
  std::set<std::string> told_;
};

Credentials::Credentials(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Credentials::~Credentials() = default;

std::optional<Credential> Credentials::find(const std::string& host,
                                            const std::string& repository) {
  return impl_->find(host, repository);
}

std::optional<Credential> Credentials::find_any_repository(const std::string& host) {
  return impl_->find_any_repository(host);
}

std::string Credentials::store(const std::string& host, const Credential& credential) {
  return impl_->store(host, credential);
}

bool Credentials::erase(const std::string& host) {
  return impl_->erase(host);
}

} // namespace regctl::http
