package store

import (
	"context"

	"github.com/google/uuid"

	"github.com/durabill/durabill/billing/metering"
	"github.com/durabill/durabill/keys"
	"github.com/durabill/durabill/models"
)

const maxUnit = 64

// NewFeatureFamily is what a caller says about a feature family.
type NewFeatureFamily struct{ Code, Name string }

// CreateFeatureFamily adds a group of features.
func (s *Store) CreateFeatureFamily(ctx context.Context, call Call, in NewFeatureFamily) (models.FeatureFamily, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (models.FeatureFamily, error) {
		var f fields
		f.code("/code", in.Code)
		f.name("/name", in.Name)
		if err := f.fault(); err != nil {
			return models.FeatureFamily{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.FeatureFamily{}, err
		}
		row := models.FeatureFamily{Row: t.row(id), Code: in.Code, Name: in.Name, Version: 1, Times: models.At(now)}
		return row, t.insert(&row, object{kind: "feature_family", prefix: keys.FeatureFamily, id: id}, now)
	})
}

// ListFeatureFamilies gives a page of families, or the one of a code.
func (s *Store) ListFeatureFamilies(ctx context.Context, call Call, page Page, code string) ([]models.FeatureFamily, bool, error) {
	return list[models.FeatureFamily](ctx, s, call, page, byCode(code))
}

// GetFeatureFamily gives one family.
func (s *Store) GetFeatureFamily(ctx context.Context, call Call, id uuid.UUID) (models.FeatureFamily, error) {
	return get[models.FeatureFamily](ctx, s, call, id)
}

// NewMeter is what a caller says about a meter.
type NewMeter struct {
	Code, Name, Unit string
	Aggregation      metering.Aggregation
}

// CreateMeter adds a meter.
func (s *Store) CreateMeter(ctx context.Context, call Call, in NewMeter) (models.Meter, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (models.Meter, error) {
		var f fields
		f.code("/code", in.Code)
		f.name("/name", in.Name)
		if in.Unit == "" || len(in.Unit) > maxUnit {
			f.at("/unit", "bad_format", "A unit has 1 to %d characters.", maxUnit)
		}
		if in.Aggregation != metering.AggregationSum {
			f.at("/aggregation", "bad_format", "The aggregation must be one of: sum.")
		}
		if err := f.fault(); err != nil {
			return models.Meter{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return models.Meter{}, err
		}
		row := models.Meter{Row: t.row(id), Code: in.Code, Name: in.Name, Unit: in.Unit, Aggregation: in.Aggregation,
			Version: 1, Times: models.At(now)}
		return row, t.insert(&row, object{kind: "meter", prefix: keys.Meter, id: id}, now)
	})
}

// ListMeters gives a page of meters, or the one of a code.
func (s *Store) ListMeters(ctx context.Context, call Call, page Page, code string) ([]models.Meter, bool, error) {
	return list[models.Meter](ctx, s, call, page, byCode(code))
}

// GetMeter gives one meter.
func (s *Store) GetMeter(ctx context.Context, call Call, id uuid.UUID) (models.Meter, error) {
	return get[models.Meter](ctx, s, call, id)
}

// NewFeature is what a caller says about a feature; MeterIDs are the meters that its work may be measured by.
type NewFeature struct {
	Code, Name string
	Kind       models.FeatureKind
	FamilyID   *uuid.UUID
	MeterIDs   []uuid.UUID
}

// FeatureDetail is a feature with its meters, by id.
type FeatureDetail struct {
	models.Feature
	MeterIDs []uuid.UUID
}

// CreateFeature adds a feature with its meters.
func (s *Store) CreateFeature(ctx context.Context, call Call, in NewFeature) (FeatureDetail, error) {
	id := models.NewID()
	return decide(ctx, s, call, func(t *tx) (FeatureDetail, error) {
		if err := t.checkFeature(in); err != nil {
			return FeatureDetail{}, err
		}
		now, err := t.databaseNow()
		if err != nil {
			return FeatureDetail{}, err
		}
		row := models.Feature{Row: t.row(id), Code: in.Code, Name: in.Name, Kind: in.Kind, FamilyID: in.FamilyID,
			Version: 1, Times: models.At(now)}
		if err := t.insert(&row, object{kind: "feature", prefix: keys.Feature, id: id}, now); err != nil {
			return FeatureDetail{}, err
		}
		meters := sortedIDs(in.MeterIDs)
		for _, meter := range meters {
			if err := t.Create(&models.FeatureMeter{RealmID: t.call.Realm, FeatureID: id, MeterID: meter}).Error; err != nil {
				return FeatureDetail{}, err
			}
		}
		return FeatureDetail{Feature: row, MeterIDs: meters}, t.catalogChanged()
	})
}

func (t *tx) checkFeature(in NewFeature) error {
	var f fields
	f.code("/code", in.Code)
	f.name("/name", in.Name)
	if in.Kind != models.Toggle {
		f.at("/kind", "bad_format", "The kind must be one of: toggle.")
	}
	if in.FamilyID != nil {
		known, err := knownIDs[models.FeatureFamily](t, []uuid.UUID{*in.FamilyID})
		if err != nil {
			return err
		}
		if len(known) == 0 {
			f.unknown("/family_id", "There is no such feature family.")
		}
	}
	if err := t.checkMeters(&f, "/meter_ids", in.MeterIDs); err != nil {
		return err
	}
	return f.fault()
}

func (t *tx) checkMeters(f *fields, list string, meters []uuid.UUID) error {
	known, err := knownIDs[models.Meter](t, meters)
	if err != nil {
		return err
	}
	for i, meter := range meters {
		if !known[meter] {
			f.unknown(pointer(list, i), "There is no such meter.")
		}
	}
	return nil
}

// ListFeatures gives a page of features with their meters, or the one of a code.
func (s *Store) ListFeatures(ctx context.Context, call Call, page Page, code string) ([]FeatureDetail, bool, error) {
	rows, more, err := list[models.Feature](ctx, s, call, page, byCode(code))
	if err != nil {
		return nil, false, err
	}
	var out []FeatureDetail
	err = s.read(ctx, call, func(t *tx) error {
		out, err = t.withMeters(rows)
		return err
	})
	return out, more, err
}

// GetFeature gives one feature with its meters.
func (s *Store) GetFeature(ctx context.Context, call Call, id uuid.UUID) (FeatureDetail, error) {
	var out FeatureDetail
	err := s.read(ctx, call, func(t *tx) error {
		row, err := find[models.Feature](t, id)
		if err != nil {
			return err
		}
		detail, err := t.withMeters([]models.Feature{row})
		if err == nil {
			out = detail[0]
		}
		return err
	})
	return out, err
}

func (t *tx) withMeters(rows []models.Feature) ([]FeatureDetail, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var links []models.FeatureMeter
	if err := t.Where("feature_id IN ?", ids).Order("meter_id").Find(&links).Error; err != nil {
		return nil, err
	}
	out := make([]FeatureDetail, len(rows))
	for i, row := range rows {
		out[i] = FeatureDetail{Feature: row, MeterIDs: []uuid.UUID{}}
		for _, link := range links {
			if link.FeatureID == row.ID {
				out[i].MeterIDs = append(out[i].MeterIDs, link.MeterID)
			}
		}
	}
	return out, nil
}

// FeatureChange is what may change about a feature; nil leaves a field as it is. No meter is ever taken away: leases may hold it.
type FeatureChange struct {
	Version     Versions
	Name        *string
	AddMeterIDs []uuid.UUID
}

// UpdateFeature renames a feature or lets it be measured by more meters.
func (s *Store) UpdateFeature(ctx context.Context, call Call, id uuid.UUID, in FeatureChange) (FeatureDetail, error) {
	return decide(ctx, s, call, func(t *tx) (FeatureDetail, error) {
		row, err := lock[models.Feature](t, id)
		if err != nil {
			return FeatureDetail{}, err
		}
		if err := matches(in.Version, row.Version); err != nil {
			return FeatureDetail{}, err
		}
		name := row.Name
		if in.Name != nil {
			name = *in.Name
		}
		var f fields
		f.name("/name", name)
		if err := t.checkMeters(&f, "/add_meter_ids", in.AddMeterIDs); err != nil {
			return FeatureDetail{}, err
		}
		if err := f.fault(); err != nil {
			return FeatureDetail{}, err
		}
		err = t.update("feature.updated", object{kind: "feature", prefix: keys.Feature, id: id}, &row, func() error {
			row.Name = name
			row.Version++
			return nil
		})
		if err != nil {
			return FeatureDetail{}, err
		}
		for _, meter := range sortedIDs(in.AddMeterIDs) {
			if _, err := insertOnce(t, &models.FeatureMeter{RealmID: t.call.Realm, FeatureID: id, MeterID: meter}); err != nil {
				return FeatureDetail{}, err
			}
		}
		if err := t.catalogChanged(); err != nil {
			return FeatureDetail{}, err
		}
		out, err := t.withMeters([]models.Feature{row})
		if err != nil {
			return FeatureDetail{}, err
		}
		return out[0], nil
	})
}
