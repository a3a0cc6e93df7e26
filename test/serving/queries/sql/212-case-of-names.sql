-- case of names
-- engine: direct
-- ordered

select COUNT(*), Status from TRIPS group by STATUS order by status limit 10

-- rows of all
-- [439,"done"]
-- [161,"lost"]
-- [146,"open"]
-- [154,"void"]
-- rows of newest
-- [269,"done"]
-- [96,"lost"]
-- [85,"open"]
-- [92,"void"]
