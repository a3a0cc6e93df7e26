-- where boolean false
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid = false

-- rows of all
-- [341,98534]
-- rows of newest
-- [209,61035]
