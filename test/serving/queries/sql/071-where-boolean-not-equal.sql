-- where boolean not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid <> true

-- rows of all
-- [341,98534]
-- rows of newest
-- [209,61035]
