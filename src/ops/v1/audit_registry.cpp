// SPDX-License-Identifier: Apache-2.0
#include "ops/places/side.hpp"
#include "ops/v1/audit_store.hpp"
#include "ops/v1/finding_words.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/registry/registries.hpp>

#include <memory>
#include <mutex>

namespace regctl::ops {

namespace {

constexpr std::size_t k_open_repositories = 64; // images are looked up repository by repository

class RegistryAudit final : public AuditStore {
public:
  RegistryAudit(Session& session, RegistryHost host, std::optional<std::string> repository)
      : session_(session), host_(std::move(host)), repository_(std::move(repository)) {}

  [[nodiscard]] std::string describe() const override { return host_.host; }

  [[nodiscard]] bool is_whole() const override { return !repository_; }

  std::vector<std::string> repositories() override {
    if (repository_) {
      return {*repository_};
    }
    const auto side = open_source(session_, Endpoint{host_, "", {}});
    return list_repositories(*side, [](const std::string&) { return true; });
  }

  std::optional<V1Tags> tags(const std::string& repository) override {
    try {
      return open(repository)->tags();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) {
        throw;
      }
      return std::nullopt;
    }
  }

  [[nodiscard]] bool has_cheap_lookups() const override { return false; }
  void for_each_image(const std::function<void(const std::string&)>&) override {}

  ImageFacts look(const std::string& repository, const std::string& id) override {
    ImageFacts facts;
    const auto store = open(repository);
    try {
      const auto answer = store->look_up(id);
      facts.is_there = answer.state != V1ImageState::absent;
      if (answer.state == V1ImageState::complete) {
        facts.layer_size_bytes = answer.image.layer_size_bytes;
        facts.parent = parse_v1_image(answer.image.json).parent; // throws for an invalid JSON
      } else if (facts.is_there) {
        facts.own = {Verdict::dead_upload, k_never_completed};
      }
    } catch (const Error& error) {
      facts.is_there = true;
      facts.own = to_judgement(*store, error, Verdict::json_damaged);
    }
    return facts;
  }

  RecordedAncestry ancestry(const std::string& repository, const std::string& id) override {
    const auto store = open(repository);
    try {
      return {store->ancestry(id), std::nullopt};
    } catch (const Error& error) {
      return {std::nullopt, to_judgement(*store, error, Verdict::ancestry_wrong)};
    }
  }

  Judgement read_layer(const std::string& repository, const std::string& id, const Judgement& known,
                       const OnBytes& on_bytes) override {
    const auto store = open(repository);
    try {
      const auto answer = store->look_up(id);
      if (answer.state != V1ImageState::complete) {
        return known;
      }
      const OpenLayer open = [&](LayerCheck check) {
        return make_tap_source(
            store->open_layer(answer.image, check),
            [&on_bytes](std::span<const std::byte> seen) { on_bytes(seen.size()); });
      };
      return check_layer(answer.image, open);
    } catch (const Error& error) {
      return to_judgement(*store, error, Verdict::layer_damaged);
    }
  }

  std::optional<std::chrono::system_clock::time_point> last_change(const std::string&) override {
    return std::nullopt;
  }

private:
  std::shared_ptr<V1Repository> open(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (const auto* found = open_.find(name)) {
      return *found;
    }
    return open_.try_emplace(name, session_.registries().v1(host_).open(name)).first;
  }

  /// The judgement for an error with one image. If the registry does not answer for the image but
  /// still lists tags, the image is at fault.
  static Judgement to_judgement(V1Repository& store, const Error& error, Verdict if_broken) {
    switch (error.kind()) {
    case ErrorKind::not_found:
      return {Verdict::layer_missing, ""};
    case ErrorKind::protocol:
    case ErrorKind::integrity:
      return {if_broken, error.message()};
    case ErrorKind::unavailable:
      static_cast<void>(store.tags());
      return {Verdict::unreadable, error.message()};
    default:
      throw error;
    }
  }

  Session& session_; // outlives the audit
  RegistryHost host_;
  std::optional<std::string> repository_;
  std::mutex mutex_;
  /// Shared with the threads that ask, while others are opened.
  LimitedMap<std::shared_ptr<V1Repository>> open_{k_open_repositories};
};

} // namespace

std::unique_ptr<AuditStore> make_audit_store(Session& session, const RegistryHost& host,
                                             std::optional<std::string> repository) {
  return std::make_unique<RegistryAudit>(session, host, std::move(repository));
}

} // namespace regctl::ops
