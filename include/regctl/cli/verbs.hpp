// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/audit.hpp>
#include <regctl/ops/blob.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/diff.hpp>
#include <regctl/ops/export.hpp>
#include <regctl/ops/gc.hpp>
#include <regctl/ops/image_diff.hpp>
#include <regctl/ops/images.hpp>
#include <regctl/ops/index.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/layer.hpp>
#include <regctl/ops/login.hpp>
#include <regctl/ops/manifest.hpp>
#include <regctl/ops/mirror/mirror.hpp>
#include <regctl/ops/oci/tree_care.hpp>
#include <regctl/ops/ping.hpp>
#include <regctl/ops/repair.hpp>
#include <regctl/ops/search.hpp>
#include <regctl/ops/serve.hpp>
#include <regctl/ops/session.hpp>
#include <regctl/ops/tag.hpp>
#include <regctl/ops/verify.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regctl::cli {

/// The verbs of ops/ as the commands call them, over one session; each is documented there. Unit
/// tests of commands override them.
class Verbs {
public:
  /// `progress` must outlive it.
  Verbs(ops::SessionOptions options, ops::Progress& progress)
      : session_(std::make_unique<ops::Session>(std::move(options), progress)) {}
  virtual ~Verbs() = default;
  Verbs(const Verbs&) = delete;
  Verbs& operator=(const Verbs&) = delete;

  virtual ops::PingResult ping(const RegistryHost& host) { return ops::ping(session(), host); }
  virtual std::vector<SearchResult> search(const RegistryHost& host, std::string_view term) {
    return ops::search(session(), host, term);
  }
  virtual void list_images(const RegistryHost& host, const std::string& name_space,
                           const ops::ImagesListener& listener) {
    ops::list_images(session(), host, name_space, listener);
  }
  virtual void list_images(const Place& place, const ops::ImagesListener& listener) {
    ops::list_images(session(), place, listener);
  }
  virtual std::vector<ops::ListedTag> list_tags(const Place& place, ops::Identities identities) {
    return ops::list_tags(session(), place, identities);
  }
  virtual ops::Inspected inspect(const Place& place, const ops::InspectOptions& options) {
    return ops::inspect(session(), place, options);
  }
  virtual oci::Digest find_digest(const Place& place, const ops::InspectOptions& options) {
    return ops::find_digest(session(), place, options);
  }
  virtual oci::Document get_manifest(const Place& place, const ops::InspectOptions& options) {
    return ops::get_manifest(session(), place, options);
  }
  virtual oci::Digest put_manifest(const Place& place, std::string bytes,
                                   const std::string& media_type) {
    return ops::put_manifest(session(), place, std::move(bytes), media_type);
  }
  virtual ops::Referrers list_referrers(const Place& place, const ops::InspectOptions& options,
                                        const std::string& artifact_type) {
    return ops::list_referrers(session(), place, options, artifact_type);
  }
  virtual std::uint64_t get_blob(const Place& blob, Sink& sink) {
    return ops::get_blob(session(), blob, sink);
  }
  virtual std::optional<std::uint64_t> find_blob(const Place& blob) {
    return ops::find_blob(session(), blob);
  }
  virtual oci::Digest put_blob(const Place& repository, const OpenSource& open,
                               std::optional<std::uint64_t> size_bytes) {
    return ops::put_blob(session(), repository, open, size_bytes);
  }
  virtual ops::IndexResult make_index(const Place& index, const std::vector<Place>& images) {
    return ops::make_index(session(), index, images);
  }
  virtual ops::IndexResult add_to_index(const Place& index, const std::vector<Place>& images) {
    return ops::add_to_index(session(), index, images);
  }
  virtual ops::IndexResult filter_index(const Place& index,
                                        const std::vector<oci::Platform>& platforms) {
    return ops::filter_index(session(), index, platforms);
  }
  virtual ops::CopyReport copy(const Place& from, const Place& to,
                               const ops::CopyOptions& options) {
    return ops::copy(session(), from, to, options);
  }
  virtual std::string get_layer(const Place& place, const ops::LayerChoice& choice,
                                LayerCheck check, Sink& sink) {
    return ops::get_layer(session(), place, choice, check, sink);
  }
  virtual void list_layer_files(const Place& place, const ops::LayerChoice& choice,
                                LayerCheck check,
                                const std::function<void(const TarEntry&)>& on_file) {
    ops::list_layer_files(session(), place, choice, check, on_file);
  }
  virtual void export_image(const Place& place, const ops::ExportOptions& options, Sink& tar) {
    ops::export_image(session(), place, options, tar);
  }
  virtual PutOutcome put_layer(const Place& repository, const std::string& json,
                               const OpenSource& layer, std::optional<std::uint64_t> size_bytes) {
    return ops::put_layer(session(), repository, json, layer, size_bytes);
  }
  virtual ops::mirror::Summary mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                                      const ops::mirror::MirrorOptions& options,
                                      const ops::mirror::MirrorListener& listener) {
    return ops::mirror::mirror(session(), jobs, options, listener);
  }
  virtual ops::DiffSummary diff(const ops::Scope& scope, const ops::DiffListener& listener) {
    return ops::diff(session(), scope, listener);
  }
  virtual ops::ImageDiffSummary diff_images(const Place& a, const Place& b,
                                            const ops::ImageDiffOptions& options,
                                            const ops::ImageDiffListener& listener) {
    return ops::diff_images(session(), a, b, options, listener);
  }
  virtual ops::VerifySummary verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                                    const ops::VerifyListener& listener) {
    return ops::verify(session(), scope, options, listener);
  }
  virtual std::string tag_image(const Place& from, const Place& to) {
    return ops::tag_image(session(), from, to);
  }
  virtual void tag_id(const std::string& id, const Place& to) { ops::tag_id(session(), id, to); }
  virtual void remove_tag(const Place& tag) { ops::remove_tag(session(), tag); }
  virtual void remove_repository(const Place& repository) {
    ops::remove_repository(session(), repository);
  }
  virtual RepositoryAccess repository_access(const Place& repository) {
    return ops::repository_access(session(), repository);
  }
  virtual void set_repository_access(const Place& repository, RepositoryAccess access) {
    ops::set_repository_access(session(), repository, access);
  }
  virtual std::string login(const RegistryHost& host, const http::Credential& credential) {
    return ops::login(session(), host, credential);
  }
  virtual bool logout(const RegistryHost& host) { return ops::logout(session(), host); }
  virtual void audit(const RegistryHost& host, const ops::AuditOptions& options,
                     const ops::AuditListener& listener) {
    ops::audit(session(), host, options, listener);
  }
  virtual void audit(const Place& place, const ops::AuditOptions& options,
                     const ops::AuditListener& listener) {
    ops::audit(session(), place, options, listener);
  }
  virtual void audit_tree(const Place& place, const ops::TreeAuditOptions& options,
                          const ops::TreeAuditListener& listener) {
    ops::audit_tree(session(), place, options, listener);
  }
  virtual ops::TreeRepairReport
  repair_tree(const std::string& path, const ops::TreeRepairOptions& options,
              const std::function<void(const ops::TreeRepairAct&)>& on_act) {
    return ops::repair_tree(session(), path, options, on_act);
  }
  virtual ops::TreeGcReport
  collect_tree_garbage(const std::string& path, const ops::TreeGcOptions& options,
                       const std::function<void(const ops::TreeGarbage&)>& on_garbage,
                       const ops::OnKeptRepository& on_kept) {
    return ops::collect_tree_garbage(session(), path, options, on_garbage, on_kept);
  }
  virtual ops::RepairReport repair(const std::string& folder, const ops::RepairOptions& options,
                                   const std::function<void(const ops::RepairAct&)>& on_act) {
    return ops::repair(session(), folder, options, on_act);
  }
  virtual ops::GcReport collect_garbage(const std::string& folder, const ops::GcOptions& options,
                                        const std::function<void(const ops::GcImage&)>& on_image) {
    return ops::collect_garbage(session(), folder, options, on_image);
  }
  virtual void serve(const server::ServerOptions& options, const std::string& mirror_source,
                     const std::function<void(const server::Server&)>& on_ready,
                     const std::function<void(const std::string&)>& note) {
    ops::serve(session(), options, mirror_source, on_ready, note);
  }

protected:
  /// For tests: a verb that is not overridden throws std::logic_error.
  Verbs() = default;

private:
  ops::Session& session() {
    if (!session_) {
      throw std::logic_error("this verb is not played");
    }
    return *session_;
  }

  std::unique_ptr<ops::Session> session_;
};

/// Makes the verbs of one run, as by their constructor.
using OpenVerbs =
    std::function<std::unique_ptr<Verbs>(ops::SessionOptions options, ops::Progress& progress)>;

} // namespace regctl::cli
