// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/ops/audit.hpp>
#include <regctl/ops/copy.hpp>
#include <regctl/ops/diff.hpp>
#include <regctl/ops/gc.hpp>
#include <regctl/ops/images.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/layer.hpp>
#include <regctl/ops/login.hpp>
#include <regctl/ops/mirror/mirror.hpp>
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
#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

/// The verbs of ops/ as the commands use them, each documented there. The seam between the command
/// line and the world: unit tests put something else in its place.
class Verbs {
public:
  virtual ~Verbs() = default;

  virtual ops::PingResult ping(const RegistryHost& host) = 0;
  virtual std::vector<ops::SearchResult> search(const RegistryHost& host,
                                                std::string_view term) = 0;
  virtual void list_images(const RegistryHost& host, const std::string& name_space,
                           const ops::ImagesListener& listener) = 0;
  virtual void list_images(const Place& place, const ops::ImagesListener& listener) = 0;
  virtual V1Tags list_tags(const Place& place) = 0;
  virtual ops::ImageDetails inspect(const Place& place) = 0;
  virtual ops::CopyReport copy(const Place& from, const Place& to,
                               const ops::CopyOptions& options) = 0;
  virtual std::string get_layer(const Place& place, const ops::LayerChoice& choice,
                                LayerCheck check, Sink& sink) = 0;
  virtual void list_layer_files(const Place& place, const ops::LayerChoice& choice,
                                LayerCheck check,
                                const std::function<void(const TarEntry&)>& on_file) = 0;
  virtual PutOutcome put_layer(const Place& repository, const std::string& json,
                               const OpenSource& layer,
                               std::optional<std::uint64_t> size_bytes) = 0;
  virtual ops::mirror::Summary mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                                      const ops::mirror::MirrorOptions& options,
                                      const ops::mirror::Report::OnRecord& on_record) = 0;
  virtual ops::DiffSummary diff(const ops::Scope& scope, const ops::DiffListener& listener) = 0;
  virtual ops::VerifySummary verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                                    const ops::VerifyListener& listener) = 0;
  virtual std::string tag_image(const Place& from, const Place& to) = 0;
  virtual void tag_id(const std::string& id, const Place& to) = 0;
  virtual void remove_tag(const Place& tag) = 0;
  virtual void remove_repository(const Place& repository) = 0;
  virtual ops::Access repository_access(const Place& repository) = 0;
  virtual void set_repository_access(const Place& repository, ops::Access access) = 0;
  virtual std::string login(const RegistryHost& host, const http::Credential& credential) = 0;
  virtual bool logout(const RegistryHost& host) = 0;
  virtual void audit(const RegistryHost& host, const ops::AuditOptions& options,
                     const ops::AuditListener& listener) = 0;
  virtual void audit(const Place& place, const ops::AuditOptions& options,
                     const ops::AuditListener& listener) = 0;
  virtual ops::RepairReport repair(const std::string& folder, const ops::RepairOptions& options,
                                   const std::function<void(const ops::RepairAct&)>& on_act) = 0;
  virtual ops::GcReport
  collect_garbage(const std::string& folder, const ops::GcOptions& options,
                  const std::function<void(const ops::GcImage&)>& on_image) = 0;
  virtual void serve(const server::ServerOptions& options, const std::string& mirror_source,
                     const std::function<void(const server::Server&)>& on_ready,
                     const std::function<void(const std::string&)>& note) = 0;
};

/// Makes the verbs of one run. `progress` outlives them.
using OpenVerbs =
    std::function<std::unique_ptr<Verbs>(ops::SessionOptions options, ops::Progress& progress)>;

/// Those that do the work, over one ops::Session.
std::unique_ptr<Verbs> open_verbs(ops::SessionOptions options, ops::Progress& progress);

} // namespace regctl::cli
