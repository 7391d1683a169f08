// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/cli/verbs.hpp>
#include <regctl/model/oci/media_type.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regctl::test {

inline const std::string k_id_a = std::string(64, 'a');
inline const std::string k_id_b = std::string(64, 'b');

/// Answers from members and writes down what it is asked, as "copy docker://… docker-archive:…".
class FakeVerbs final : public cli::Verbs {
public:
  explicit FakeVerbs(std::vector<std::string>& calls) : calls_(calls) {}

  ops::PingResult ping(const RegistryHost& host) override {
    call("ping " + host.host);
    return {host.host, "http://" + host.host, {"v1"}, true, "0.9.1"};
  }

  std::vector<SearchResult> search(const RegistryHost& host, std::string_view term) override {
    call("search " + host.host + " '" + std::string(term) + "'");
    return found;
  }

  void list_images(const RegistryHost& host, const std::string& name_space,
                   const ops::ImagesListener& listener) override {
    call("images at " + host.host + (name_space.empty() ? "" : "/" + name_space + "/"));
    if (!repositories.empty()) {
      listener.on_repositories(repositories);
    }
    for (const auto& row : rows) {
      listener.on_row(row);
    }
  }

  void list_images(const Place& place, const ops::ImagesListener& listener) override {
    call("images of " + place.to_string());
    for (const auto& row : rows) {
      listener.on_row(row);
    }
  }

  std::vector<ops::ListedTag> list_tags(const Place& place, ops::Identities) override {
    call("tags " + place.to_string());
    std::vector<ops::ListedTag> listed;
    for (const auto& [tag, id] : tags) {
      const bool is_broken = !id;
      listed.push_back({tag, id, is_broken});
    }
    return listed;
  }

  ops::Inspected inspect(const Place& place, const ops::InspectOptions& options) override {
    call("inspect " + place.to_string() + describe(options.platforms));
    return oci_details ? ops::Inspected(*oci_details) : ops::Inspected(details);
  }

  oci::Digest find_digest(const Place& place, const ops::InspectOptions& options) override {
    call("digest of " + place.to_string() + describe(options.platforms));
    return digest;
  }

  oci::Document get_manifest(const Place& place, const ops::InspectOptions& options) override {
    call("manifest of " + place.to_string() + describe(options.platforms));
    return {std::string(oci::k_oci_manifest), digest, manifest_bytes};
  }

  oci::Digest put_manifest(const Place& place, std::string bytes,
                           const std::string& media_type) override {
    call("put manifest " + place.to_string() + " " + bytes + " " + media_type);
    return digest;
  }

  ops::Referrers list_referrers(const Place& place, const ops::InspectOptions& options,
                                const std::string& artifact_type) override {
    call("referrers of " + place.to_string() + describe(options.platforms) +
         (artifact_type.empty() ? "" : " of type " + artifact_type));
    return {digest, referrers};
  }

  std::uint64_t get_blob(const Place& blob, Sink& sink) override {
    call("get blob " + blob.to_string());
    sink.write(as_bytes(layer));
    return layer.size();
  }

  std::optional<std::uint64_t> find_blob(const Place& blob) override {
    call("find blob " + blob.to_string());
    return blob_size_bytes;
  }

  oci::Digest put_blob(const Place& repository, const OpenSource& open,
                       std::optional<std::uint64_t> size_bytes) override {
    call("put blob " + repository.to_string() + " " + read_text(*open(), 1000, "") + " " +
         std::to_string(size_bytes.value_or(0)));
    return digest;
  }

  ops::CopyReport copy(const Place& from, const Place& to,
                       const ops::CopyOptions& options) override {
    call("copy " + from.to_string() + " " + to.to_string() +
         (options.host ? " at " + options.host->host : "") +
         (options.name_space.empty() ? "" : "/" + options.name_space + "/") +
         (options.tags == ops::TagChoice::all ? " all" : "") +
         (options.check == LayerCheck::none ? " unverified" : "") +
         (options.plain_layers == ops::PlainLayers::keep ? " plain" : "") +
         describe(options.platforms) + (options.referrers ? " with referrers" : ""));
    return report;
  }

  std::string get_layer(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                        Sink& sink) override {
    call("get " + place.to_string() + " " + choice.value_or("top"));
    sink.write(as_bytes(layer));
    return k_id_a;
  }

  void export_image(const Place& place, const ops::ExportOptions& options, Sink& tar) override {
    call("export " + place.to_string() +
         (options.platform ? " for " + options.platform->to_string() : "") +
         (options.check == LayerCheck::none ? " unverified" : ""));
    tar.write(as_bytes(layer));
  }

  void list_layer_files(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                        const std::function<void(const TarEntry&)>& on_file) override {
    call("files " + place.to_string() + " " + choice.value_or("top"));
    for (const auto& file : files) {
      on_file(file);
    }
  }

  PutOutcome put_layer(const Place& repository, const std::string& json, const OpenSource& open,
                       std::optional<std::uint64_t> size_bytes) override {
    call("put " + repository.to_string() + " " + json + " " + read_text(*open(), 1000, "") + " " +
         std::to_string(size_bytes.value_or(0)));
    return outcome;
  }

  std::string tag_image(const Place& from, const Place& to) override {
    call("tag " + from.to_string() + " " + to.to_string());
    return k_id_a;
  }

  void tag_id(const std::string& id, const Place& to) override {
    call("tag " + id + " " + to.to_string());
  }

  void remove_tag(const Place& tag) override { call("rm " + tag.to_string()); }

  void remove_repository(const Place& repository) override {
    call("rm all of " + repository.to_string());
  }

  RepositoryAccess repository_access(const Place& repository) override {
    call("access of " + repository.to_string());
    return RepositoryAccess::restricted;
  }

  void set_repository_access(const Place& repository, RepositoryAccess access) override {
    call("set " + repository.to_string() +
         (access == RepositoryAccess::open ? " public" : " private"));
  }

  std::string login(const RegistryHost& host, const http::Credential& credential) override {
    call("login " + host.host + " " + credential.username + ":" + credential.password.reveal());
    return "/home/bob/.docker/config.json (not encrypted)";
  }

  bool logout(const RegistryHost& host) override {
    call("logout " + host.host);
    return was_logged_in;
  }

  void audit(const RegistryHost& host, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override {
    call("audit at " + host.host + (options.deep ? " deep" : ""));
    tell(listener);
  }

  void audit(const Place& place, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override {
    call("audit " + place.to_string() + (options.deep ? " deep" : ""));
    tell(listener);
  }

  void audit_tree(const Place& place, const ops::TreeAuditOptions& options,
                  const ops::TreeAuditListener& listener) override {
    call("audit " + place.to_string() + (options.deep ? " deep" : ""));
    for (const auto& manifest : audited_manifests) {
      listener.on_manifest(manifest);
    }
    for (const auto& repository : audited_tree_repositories) {
      listener.on_repository(repository);
    }
    listener.on_summary(tree_summary);
  }

  ops::TreeRepairReport
  repair_tree(const std::string& path, const ops::TreeRepairOptions& options,
              const std::function<void(const ops::TreeRepairAct&)>& on_act) override {
    call("repair tree " + path + (options.dry_run ? " dry" : "") +
         (options.drop_tags ? " drop tags" : ""));
    for (const auto& act : tree_acts) {
      on_act(act);
    }
    return {tree_acts.size(), 2};
  }

  ops::TreeGcReport
  collect_tree_garbage(const std::string& path, const ops::TreeGcOptions& options,
                       const std::function<void(const ops::TreeGarbage&)>& on_garbage,
                       const ops::OnKeptRepository& on_kept) override {
    call("gc tree " + path + (options.apply ? " apply " : " ") +
         std::to_string(options.grace.count()));
    for (const auto& item : tree_garbage) {
      on_garbage(item);
    }
    for (const auto& [name, why] : kept_whole) {
      on_kept(name, why);
    }
    return tree_collected;
  }

  ops::RepairReport repair(const std::string& folder, const ops::RepairOptions& options,
                           const std::function<void(const ops::RepairAct&)>& on_act) override {
    call("repair " + folder + (options.dry_run ? " dry" : "") +
         (options.drop_tags ? " drop tags" : ""));
    for (const auto& act : acts) {
      on_act(act);
    }
    return {acts.size(), 0};
  }

  ops::GcReport collect_garbage(const std::string& folder, const ops::GcOptions& options,
                                const std::function<void(const ops::GcImage&)>& on_image) override {
    call("gc " + folder + (options.apply ? " apply" : "") + (options.force ? " force" : "") + " " +
         std::to_string(options.grace.count()));
    for (const auto& image : garbage) {
      on_image(image);
    }
    return collected;
  }

  ops::mirror::Summary mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                              const ops::mirror::MirrorOptions& options,
                              const ops::mirror::MirrorListener& listener) override {
    for (const auto& job : jobs) {
      call("mirror " + job.source.to_string() + " " + job.destination.to_string() +
           (options.dry_run ? " dry" : ""));
    }
    for (const auto& result : results) {
      if (listener.on_tag) {
        listener.on_tag(result);
      }
      if (listener.on_record) {
        listener.on_record("{}");
      }
    }
    return mirrored;
  }

  ops::DiffSummary diff(const ops::Scope& scope, const ops::DiffListener& listener) override {
    call("diff " + describe(scope));
    for (const auto& tag : differences) {
      listener.on_tag(tag);
    }
    if (diff_summary.problems.first) {
      listener.on_problem("team/lost", diff_summary.problems.first);
    }
    return diff_summary;
  }

  ops::ImageDiffSummary diff_images(const Place& a, const Place& b,
                                    const ops::ImageDiffOptions& options,
                                    const ops::ImageDiffListener& listener) override {
    call("diff images " + a.to_string() + " " + b.to_string() +
         (options.platform ? " for " + options.platform->to_string() : ""));
    if (on_image_diff) {
      on_image_diff(listener);
    }
    return image_diff;
  }

  ops::VerifySummary verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                            const ops::VerifyListener& listener) override {
    call("verify " + describe(scope) + (options.deep ? " deep" : ""));
    for (const auto& tag : verified) {
      listener.on_tag(tag);
    }
    if (verify_summary.problems.first) {
      listener.on_problem("team/lost", verify_summary.problems.first);
    }
    return verify_summary;
  }

  void serve(const server::ServerOptions& options, const std::string& mirror_source,
             const std::function<void(const server::Server&)>&,
             const std::function<void(const std::string&)>&) override {
    call("serve " + options.storage + " at " + options.listen +
         (options.read_only ? " read-only" : "") + (options.open ? " open" : "") +
         (options.search ? "" : " without search") +
         (options.htpasswd.empty() ? "" : " users " + options.htpasswd) +
         (options.tls_cert.empty() ? "" : " tls " + options.tls_cert + " " + options.tls_key) +
         (mirror_source.empty() ? "" : " mirrors " + mirror_source));
  }

  std::vector<SearchResult> found;
  std::vector<std::string> repositories; ///< told before the rows, unless empty
  std::vector<ops::ImageRow> rows;
  V1Tags tags;
  ops::ImageDetails details;
  std::optional<ops::OciDetails> oci_details; ///< inspected instead of `details`
  oci::Digest digest = oci::Digest::of("");
  std::string manifest_bytes;
  std::vector<ops::Referrer> referrers;
  std::optional<std::uint64_t> blob_size_bytes;
  ops::CopyReport report;
  std::vector<ops::AuditedManifest> audited_manifests;
  std::vector<ops::AuditedTreeRepository> audited_tree_repositories;
  ops::TreeAuditSummary tree_summary;
  std::vector<ops::TreeRepairAct> tree_acts;
  std::vector<ops::TreeGarbage> tree_garbage;
  std::map<std::string, std::string> kept_whole; ///< the reasons by their names
  ops::TreeGcReport tree_collected;
  std::vector<ops::AuditedTag> audited_tags;
  std::vector<ops::AuditedImage> audited_images;
  std::vector<ops::AuditedRepository> audited_repositories;
  ops::AuditSummary summary;
  std::vector<ops::RepairAct> acts;
  std::vector<ops::GcImage> garbage;
  ops::GcReport collected;
  std::string layer;
  std::vector<ops::mirror::TagResult> results;
  ops::mirror::Summary mirrored;
  std::vector<ops::TagDifference> differences;
  ops::DiffSummary diff_summary;
  std::function<void(const ops::ImageDiffListener&)> on_image_diff; ///< tells what differs
  ops::ImageDiffSummary image_diff;
  std::vector<ops::VerifiedTag> verified;
  ops::VerifySummary verify_summary;
  std::vector<TarEntry> files;
  PutOutcome outcome = PutOutcome::stored;
  bool was_logged_in = true;
  std::exception_ptr failure; ///< thrown by the next verb

private:
  void tell(const ops::AuditListener& listener) const {
    for (const auto& tag : audited_tags) {
      listener.on_tag(tag);
    }
    for (const auto& image : audited_images) {
      listener.on_image(image);
    }
    for (const auto& repository : audited_repositories) {
      listener.on_repository(repository);
    }
    listener.on_summary(summary);
  }

  static std::string describe(const std::vector<oci::Platform>& platforms) {
    std::string text;
    for (const auto& platform : platforms) {
      text += (text.empty() ? " for " : ",") + platform.to_string();
    }
    return text;
  }

  static std::string describe(const ops::Scope& scope) {
    return scope.a.to_string() + (scope.b ? " " + scope.b->to_string() : "") +
           (scope.repositories.takes("team/app") ? "" : " without team/app") +
           (scope.tags.takes("team/app", "1.0") ? "" : " without 1.0");
  }

  void call(const std::string& text) {
    calls_.push_back(text);
    if (failure) {
      std::rethrow_exception(failure);
    }
  }

  std::vector<std::string>& calls_;
};

} // namespace regctl::test
