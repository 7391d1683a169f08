// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/schema1_image.hpp"

#include "ops/convert/made_image.hpp"
#include "ops/convert/schema1_repository.hpp"
#include "ops/convert/v1_to_oci_transfer.hpp"
#include "ops/transfer/move_items.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/schema1.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

/// The conversion of one image.
class Schema1Conversion final : public Transfer {
public:
  /// `there` names the manifest that may have been made of this image.
  Schema1Conversion(const OciRoute& route, const oci::Document& manifest, std::string tag,
                    Schema1Destination& shared, std::optional<oci::ManifestName> there)
      : route_(route), shared_(shared), manifest_(manifest.digest), tag_(std::move(tag)),
        there_(std::move(there)),
        chain_(read_schema1_chain(manifest, "manifest " + manifest.digest.short_hex() + " of " +
                                                route.source.describe())),
        source_(route.source, chain_.steps), way_(way()) {}

  std::vector<Item> items() override {
    const auto& id = chain_.steps.back().id;
    found_ = find_made(id);
    if (found_) {
      route_.session.progress().note("tag " + tag_ + " was made from this image already");
      tell_made(*found_);
      return {};
    }
    tell();
    transfer_ = make_v1_to_oci_transfer(way_, shared_.layers, id, tag_);
    return transfer_->items();
  }

  Moved move(std::size_t index) override { return transfer_->move(index); }
  void moved_elsewhere(std::size_t index) override { transfer_->moved_elsewhere(index); }

  void abandon(std::exception_ptr reason) noexcept override {
    if (transfer_) {
      transfer_->abandon(std::move(reason));
    }
  }

  void finish() override {
    if (transfer_) {
      transfer_->finish();
    }
  }

  [[nodiscard]] std::shared_ptr<const MadeImage> made() const override {
    return transfer_ ? transfer_->made() : nullptr;
  }

  /// The manifest of the converted image, after finish().
  [[nodiscard]] oci::Digest digest() const { return found_ ? *found_ : made()->digest; }

private:
  ConvertRoute way() {
    ConvertRoute way{route_.session, source_,      route_.destination, route_.destination_name,
                     route_.places,  shared_.form, route_.verb,        route_.limits};
    way.whole = route_.whole;
    way.proves_layers = true;
    way.layer_key = [this](const V1Image& image) { return source_.key_of(image); };
    way.on_made = [this](const MadeImage& made) { tell_made(made.digest); };
    return way;
  }

  void tell_made(const oci::Digest& made) const {
    if (shared_.on_made) {
      shared_.on_made(manifest_, made);
    }
  }

  /// The manifest that is there, if it is what this image becomes, and whole as far as that is
  /// looked at.
  std::optional<oci::Digest> find_made(const std::string& id) {
    if (!there_ || shared_.form != OciForm::oci) {
      return std::nullopt;
    }
    const auto blob_of = [this](const std::string& step) { return source_.blob_of(step); };
    const auto found = find_conversion(way_, id, *there_, blob_of);
    const bool is_whole =
        found && (route_.whole == nullptr ||
                  route_.whole->is_whole(route_.destination, route_.destination_name, *found));
    return is_whole ? found : std::nullopt;
  }

  void tell() const {
    std::string notes;
    for (const auto& note : chain_.notes) {
      notes += (notes.empty() ? ": " : ", ") + note;
    }
    route_.session.progress().note("manifest " + manifest_.short_hex() +
                                   " of Docker's schema 1 is converted" + notes);
  }

  const OciRoute& route_;
  Schema1Destination& shared_;
  const oci::Digest manifest_;
  const std::string tag_;
  const std::optional<oci::ManifestName> there_;
  const Schema1Chain chain_;
  Schema1Repository source_;
  const ConvertRoute way_;
  std::optional<oci::Digest> found_;   ///< then nothing is to be done
  std::unique_ptr<Transfer> transfer_; ///< null until items() has begun it
};

} // namespace

std::unique_ptr<Transfer> make_schema1_transfer(const OciRoute& route, const OciCopy& how,
                                                ManifestNode root, const std::string& tag,
                                                Schema1Destination& shared) {
  const auto document = root.document;
  return make_transfer_or_instead(route.session,
                                  {[&route, how, root = std::move(root), tag] {
                                     return make_oci_transfer(route, how, root, tag);
                                   },
                                   [&route, document, tag, &shared] {
                                     return std::make_unique<Schema1Conversion>(
                                         route, document, tag, shared,
                                         tag.empty() ? std::nullopt
                                                     : std::optional(oci::ManifestName::tag(tag)));
                                   }},
                                  shared.refused);
}

oci::Digest convert_schema1_image(const OciRoute& route, const oci::Document& manifest,
                                  const std::string& tag, OciForm form,
                                  const std::optional<oci::Descriptor>& there, CopyReport& report) {
  Schema1Destination shared{form};
  Schema1Conversion conversion(route, manifest, tag, shared,
                               there ? std::optional<oci::ManifestName>(there->digest)
                                     : std::nullopt);
  const auto moved = move_items(route.session, conversion);
  report.images_skipped += moved.were_there;
  report.images_copied += moved.copied;
  report.bytes_copied += moved.bytes;
  return conversion.digest();
}

} // namespace regctl::ops
