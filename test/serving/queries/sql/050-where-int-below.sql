-- where int below
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders < 3

-- rows of all
-- [363,100004]
-- rows of newest
-- [208,56942]
