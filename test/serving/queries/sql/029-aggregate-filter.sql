-- aggregate filter
-- engine: direct

SELECT count(*) FILTER (WHERE paid), sum(riders) FILTER (WHERE status = 'done'), count(*) FROM trips

-- rows of all
-- [559,1303,900]
-- rows of newest
-- [324,772,533]
