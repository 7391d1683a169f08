// SPDX-License-Identifier: Apache-2.0
#include <regctl/cli/verbs.hpp>

#include <utility>

namespace regctl::cli {

namespace {

class SessionVerbs final : public Verbs {
public:
  SessionVerbs(ops::SessionOptions options, ops::Progress& progress)
      : session_(std::move(options), progress) {}

  ops::PingResult ping(const RegistryHost& host) override { return ops::ping(session_, host); }

  std::vector<ops::SearchResult> search(const RegistryHost& host, std::string_view term) override {
    return ops::search(session_, host, term);
  }

  void list_images(const RegistryHost& host, const std::string& name_space,
                   const ops::ImagesListener& listener) override {
    ops::list_images(session_, host, name_space, listener);
  }

  void list_images(const Place& place, const ops::ImagesListener& listener) override {
    ops::list_images(session_, place, listener);
  }

  V1Tags list_tags(const Place& place) override { return ops::list_tags(session_, place); }

  ops::ImageDetails inspect(const Place& place) override { return ops::inspect(session_, place); }

  ops::CopyReport copy(const Place& from, const Place& to,
                       const ops::CopyOptions& options) override {
    return ops::copy(session_, from, to, options);
  }

  std::string get_layer(const Place& place, const ops::LayerChoice& choice, LayerCheck check,
                        Sink& sink) override {
    return ops::get_layer(session_, place, choice, check, sink);
  }

  void list_layer_files(const Place& place, const ops::LayerChoice& choice, LayerCheck check,
                        const std::function<void(const TarEntry&)>& on_file) override {
    ops::list_layer_files(session_, place, choice, check, on_file);
  }

  PutOutcome put_layer(const Place& repository, const std::string& json, const OpenSource& layer,
                       std::optional<std::uint64_t> size_bytes) override {
    return ops::put_layer(session_, repository, json, layer, size_bytes);
  }

  ops::mirror::Summary mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                              const ops::mirror::MirrorOptions& options,
                              const ops::mirror::Report::OnRecord& on_record) override {
    return ops::mirror::mirror(session_, jobs, options, on_record);
  }

  ops::DiffSummary diff(const ops::Scope& scope, const ops::DiffListener& listener) override {
    return ops::diff(session_, scope, listener);
  }

  ops::VerifySummary verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                            const ops::VerifyListener& listener) override {
    return ops::verify(session_, scope, options, listener);
  }

  std::string tag_image(const Place& from, const Place& to) override {
    return ops::tag_image(session_, from, to);
  }

  void tag_id(const std::string& id, const Place& to) override { ops::tag_id(session_, id, to); }

  void remove_tag(const Place& tag) override { ops::remove_tag(session_, tag); }

  void remove_repository(const Place& repository) override {
    ops::remove_repository(session_, repository);
  }

  ops::Access repository_access(const Place& repository) override {
    return ops::repository_access(session_, repository);
  }

  void set_repository_access(const Place& repository, ops::Access access) override {
    ops::set_repository_access(session_, repository, access);
  }

  std::string login(const RegistryHost& host, const http::Credential& credential) override {
    return ops::login(session_, host, credential);
  }

  bool logout(const RegistryHost& host) override { return ops::logout(session_, host); }

  void audit(const RegistryHost& host, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override {
    ops::audit(session_, host, options, listener);
  }

  void audit(const Place& place, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override {
    ops::audit(session_, place, options, listener);
  }

  ops::RepairReport repair(const std::string& folder, const ops::RepairOptions& options,
                           const std::function<void(const ops::RepairAct&)>& on_act) override {
    return ops::repair(session_, folder, options, on_act);
  }

  ops::GcReport collect_garbage(const std::string& folder, const ops::GcOptions& options,
                                const std::function<void(const ops::GcImage&)>& on_image) override {
    return ops::collect_garbage(session_, folder, options, on_image);
  }

  void serve(const server::ServerOptions& options, const std::string& mirror_source,
             const std::function<void(const server::Server&)>& on_ready,
             const std::function<void(const std::string&)>& note) override {
    ops::serve(session_, options, mirror_source, on_ready, note);
  }

private:
  ops::Session session_;
};

} // namespace

std::unique_ptr<Verbs> open_verbs(ops::SessionOptions options, ops::Progress& progress) {
  return std::make_unique<SessionVerbs>(std::move(options), progress);
}

} // namespace regctl::cli
