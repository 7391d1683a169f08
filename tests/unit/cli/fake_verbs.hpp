// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/cli/verbs.hpp>

#include <map>
#include <string>
#include <vector>

namespace regctl::test {

inline const std::string k_id_a = std::string(64, 'a');
inline const std::string k_id_b = std::string(64, 'b');

/// Answers from members and writes down what it is asked, as "copy docker://… docker-archive:…".
class FakeVerbs final : public cli::Verbs {
public:
  explicit FakeVerbs(std::vector<std::string>& calls) : calls_(calls) {}

  ops::PingResult ping(const RegistryHost& host) override;
  std::vector<ops::SearchResult> search(const RegistryHost& host, std::string_view term) override;
  void list_images(const RegistryHost& host, const std::string& name_space,
                   const ops::ImagesListener& listener) override;
  void list_images(const Place& place, const ops::ImagesListener& listener) override;
  V1Tags list_tags(const Place& place) override;
  ops::ImageDetails inspect(const Place& place) override;
  ops::CopyReport copy(const Place& from, const Place& to,
                       const ops::CopyOptions& options) override;
  std::string get_layer(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                        Sink& sink) override;
  void list_layer_files(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                        const std::function<void(const TarEntry&)>& on_file) override;
  PutOutcome put_layer(const Place& repository, const std::string& json, const OpenSource& open,
                       std::optional<std::uint64_t> size_bytes) override;
  std::string tag_image(const Place& from, const Place& to) override;
  void tag_id(const std::string& id, const Place& to) override;
  void remove_tag(const Place& tag) override;
  void remove_repository(const Place& repository) override;
  ops::Access repository_access(const Place& repository) override;
  void set_repository_access(const Place& repository, ops::Access access) override;
  std::string login(const RegistryHost& host, const http::Credential& credential) override;
  bool logout(const RegistryHost& host) override;

  void audit(const RegistryHost& host, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override;
  void audit(const Place& place, const ops::AuditOptions& options,
             const ops::AuditListener& listener) override;
  ops::RepairReport repair(const std::string& folder, const ops::RepairOptions& options,
                           const std::function<void(const ops::RepairAct&)>& on_act) override;
  ops::GcReport collect_garbage(const std::string& folder, const ops::GcOptions& options,
                                const std::function<void(const ops::GcImage&)>& on_image) override;
  ops::mirror::Summary mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                              const ops::mirror::MirrorOptions& options,
                              const ops::mirror::Report::OnRecord& on_record) override;

  ops::DiffSummary diff(const ops::Scope& scope, const ops::DiffListener& listener) override;

  ops::VerifySummary verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                            const ops::VerifyListener& listener) override;

  void serve(const server::ServerOptions& options, const std::string& mirror_source,
             const std::function<void(const server::Server&)>&,
             const std::function<void(const std::string&)>&) override;

  std::vector<ops::SearchResult> found;
  std::vector<std::string> repositories; ///< told before the rows, unless empty
  std::vector<ops::ImageRow> rows;
  V1Tags tags;
  ops::ImageDetails details;
  ops::CopyReport report;
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
  std::vector<ops::VerifiedTag> verified;
  ops::VerifySummary verify_summary;
  std::vector<TarEntry> files;
  PutOutcome outcome = PutOutcome::stored;
  bool was_logged_in = true;
  std::exception_ptr failure; ///< thrown by the next verb

private:
  void tell(const ops::AuditListener& listener) const;

  static std::string describe(const ops::Scope& scope);

  void call(const std::string& text);

  std::vector<std::string>& calls_;
};

} // namespace regctl::test
